"""What headings mean, in five languages."""

import pytest

from tests.rosters.files import meanings, read
from tracker.rosters.headings import heading_of


@pytest.mark.parametrize(
    ("meaning", "headings"),
    [
        ("name", "Name|Full name|Student|Student's name|Name of student|Alumno/a|Nombre y apellidos|Apellidos, Nombre"),
        ("name", "Nome completo|Nome do(a) aluno(a)|Discente|Schüler/in|Name, Vorname|Vor- und Nachname|Nom et prénom"),
        (
            "name",
            "Élève|NOME:|Surname, First|Last name, First name|Nombre del estudiante|Teilnehmende|fullName|Kind",
        ),
        (
            "first_name",
            "First name|Legal first name|firstName|first_name|Given names|Prénom|Vorname|Nombres|Student first name",
        ),
        ("last_name", "Surname|LAST NAME|Family name|Apellidos|Primer apellido|Sobrenome|Nachname|Nom de famille"),
        ("email", "E-mail|Email Address|eMail|Mail|Correo electrónico|E-mail do aluno|Endereço de e-mail|Courriel"),
        ("email", "E-Mail-Adresse|Adresse e-mail|School email|Correo institucional|Student e-mail (school)"),
        ("number", "Student ID|ID|SIS User ID|Student number|Number|RA|R.A.|Matrícula|N.º de matrícula|Nº de aluno"),
        (
            "number",
            "Matrikelnummer|Schüler-ID|Numéro d'étudiant|N° étudiant|Nº Id. Escolar|NIA|OrgDefinedId|Nº processo",
        ),
        (
            "group",
            "Group|Groups|Section|Class|Turma|Grupo|Unidad|Sección|Klasse|Classe|Tutor group|Homeroom|Lerngruppe",
        ),
        (
            "from",
            "From|Start date|Joined|Alta|Fecha de alta|Ingreso|Data de ingresso|Entrada|Von|Eintritt|Date d'entrée",
        ),
        ("until", "Until|End date|Left|Baja|Fecha de baja|Hasta|Data de saída|Saída|Bis|Austritt|Date de sortie"),
        ("role", "Role|Roles|Rol|Papel|Rolle"),
        ("seat_number", "Nº|N.º|N°|No.|Nr.|#|Lfd. Nr.|Chamada|Nº de orden|Seat number|Número"),
        ("other_person", "Parent email|Guardian|Mother's e-mail|Responsável|E-mail do responsável|Tutor|Correo padre"),
        (
            "other_person",
            "Nome da mãe|Encarregado de educação|Erziehungsberechtigte|E-Mail Eltern|Responsable légal",
        ),
        ("other_person", "Teacher|Teacher e-mail|Klassenlehrer|Emergency contact|Enseignant|Docente|Father phone"),
        ("other_person", "E-mail Enc. Educação|E.E.|Contact 1 e-mail|Household"),
        ("nothing", "|Phone|Birthday|Essay (123)|Last access|Points|Foto|" + "Name " * 20),
    ],
)
def test_a_heading_means(meaning: str, headings: str) -> None:
    assert {one: heading_of(one).meaning.value for one in headings.split("|")} == dict.fromkeys(
        headings.split("|"), meaning
    )


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Nombre;Apellidos", "first_name last_name"),
        ("Nome;Sobrenome", "first_name last_name"),
        ("Name;Vorname", "last_name first_name"),
        ("Nom;Prénom", "last_name first_name"),
        ("ID;SIS User ID;Student", "nothing number name"),
        ("Student ID;Username;Name", "number nothing name"),
    ],
)
def test_headings_are_understood_beside_each_other(header: str, expected: str) -> None:
    assert meanings(read(f"{header}\n" + ";".join(["Ana"] * len(header.split(";"))) + "\n")) == expected


def test_logins_are_addresses_where_they_look_like_them_and_there_are_no_others() -> None:
    assert meanings(read("Name;Login\nAna;ana@x.org\n")) == "name email"
    assert meanings(read("Name;Login;E-mail\nAna;ana@x.org;a@x.org\n")) == "name nothing email"
    assert meanings(read("Name;Website\nAna;ana@x.org\n")) == "name nothing"


def test_the_schools_address_comes_before_a_second_one() -> None:
    roster = read("Name;Personal e-mail;E-mail\nAna;ana@home.org;ana@school.org\nBo;bo@home.org;\n")
    assert [one.email for one in roster.students] == ["ana@school.org", "bo@home.org"]


def test_a_line_above_the_table_is_none_of_its_headings() -> None:
    roster = read("Turma:;7A;;\nNome;E-mail;Grupo;RA\nAna;ana@x.org;7A;001\n")
    assert roster.understood.header_lines == (2,)


def test_a_course_is_a_group_where_its_names_are_those_of_classes() -> None:
    assert meanings(read("Nombre;Curso\nAna;3B\nBo;1º ESO A\n")) == "name group"
    assert meanings(read("Nombre;Curso\nAna;Matemáticas\nBo;Física 2\n")) == "name nothing"
    assert meanings(read("Nombre;Curso;Unidad\nAna;1º ESO;1ESOA\n")) == "name nothing group"
