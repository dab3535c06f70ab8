"""Rosters in the shapes that schools have them, each with all that is read of it."""

from datetime import date

import pytest

from tests.rosters.files import meanings, problems, read, skipped
from tracker.rosters import Column, Meaning, Roster, Student, Understood, read_pasted


def test_a_gradebook_of_canvas() -> None:
    text = (
        "Student,ID,SIS User ID,SIS Login ID,Section,Essay (123),Current Score\n"
        ",,,,,Manual Posting,\n"
        '"    Points Possible",,,,,10,(read only)\n'
        '"Lima, Ana",4411,0012345,ana@school.org,"Maths 7A",9,90\n'
        '"García López, José",4412,0012346,jose@school.org,Maths 7A,7,70\n'
        '"Student, Test",4499,,f3a9c2,Maths 7A,,\n'
    )
    roster = read(text)
    assert roster.students == (
        Student("Ana Lima", "ana@school.org", "0012345", "Maths 7A", line=4, surname="Lima"),
        Student("José García López", "jose@school.org", "0012346", "Maths 7A", line=5, surname="García López"),
    )
    assert problems(roster) == []
    assert skipped(roster) == [(line, "roster_line_no_student") for line in (2, 3, 6)]
    assert meanings(roster) == "name nothing number email group nothing nothing"
    assert roster.understood.header_lines == (1,)


@pytest.mark.parametrize(
    ("headings", "points", "test_student"),
    [
        (
            "Estudiante,ID,ID de usuario de SIS,ID de inicio de sesión de SIS,Sección",
            "Puntos posibles",
            "Estudiante, Prueba",
        ),
        ("Aluno,ID,ID de usuário SIS,ID de login SIS,Seção", "Pontos possíveis", "Estudante, Teste"),
        ("Estudante,ID,ID do usuário no SIS,ID de acesso SIS,Secção", "Pontos possíveis", "Aluno, Teste"),
        (
            "Étudiant,ID,ID utilisateur SIS,Identifiant de connexion SIS,Section",
            "Points possibles",
            "Étudiant, Test",
        ),
        ("Student,ID,SIS-Benutzer-ID,SIS-Anmelde-ID,Abschnitt", "Mögliche Punkte", "Student, Test"),
        ("Teilnehmer/in,ID,SIS-ID,SIS-Login-ID,Abschnitt", "Punkte möglich", "Teilnehmer, Test"),
    ],
)
def test_a_gradebook_of_canvas_in_other_languages(headings: str, points: str, test_student: str) -> None:
    text = (
        f'{headings},Essay (123)\n"    {points}",,,,,10\n"Lima, Ana",4411,0012345,ana@school.org,7A,9\n'
        f'"Ek, Bo",4412,0012346,bo@school.org,7A,7\n"{test_student}",4499,,f3a9c2,7A,\n'
    )
    roster = read(text)
    assert roster.students == (
        Student("Ana Lima", "ana@school.org", "0012345", "7A", line=3, surname="Lima"),
        Student("Bo Ek", "bo@school.org", "0012346", "7A", line=4, surname="Ek"),
    )
    assert problems(roster) == []
    assert skipped(roster) == [(2, "roster_line_no_student"), (5, "roster_line_no_student")]
    without = read(text.replace("0012345", "").replace("0012346", ""))
    assert [one.name for one in without.students] == ["Ana Lima", "Bo Ek"]


def test_grades_of_google_classroom_in_german() -> None:
    text = (
        "Nachname,Vorname,E-Mail-Adresse,Aufsatz\nDatum,,,2026-01-02\nPunkte,,,100\nKursdurchschnitt,,,80\n"
        "Lima,Ana,ana@school.org,90\n"
    )
    assert [one.name for one in read(text).students] == ["Ana Lima"]


@pytest.mark.parametrize(
    "headings",
    [
        "Nombre,Apellido(s),Número de ID,Dirección de correo",
        "Nome,Sobrenome,Número de identificação,Endereço de email",
        "Vorname,Nachname,ID-Nummer,E-Mail-Adresse",
        "Prénom,Nom de famille,Numéro d'identification,Adresse de courriel",
        "Prénom,Nom,Numéro d’identification,Adresse de courriel",
    ],
)
def test_participants_of_moodle_in_other_languages(headings: str) -> None:
    assert read(f"{headings}\nAna,Lima,0077,ana@x.org\n").students == (
        Student("Ana Lima", "ana@x.org", "0077", line=2, surname="Lima"),
    )


def test_grades_of_google_classroom() -> None:
    text = (
        "Last Name,First Name,Email Address,Essay,Quiz\r\nDate,,,2026-01-02,2026-02-03\r\nPoints,,,100,20\r\n"
        "Class Average,,,80,15\r\nLima,Ana,ana@school.org,90,15\r\nBraun,Otto,otto@school.org,70,\r\n"
    )
    roster = read(text)
    assert roster.students == (
        Student("Ana Lima", "ana@school.org", line=5, surname="Lima"),
        Student("Otto Braun", "otto@school.org", line=6, surname="Braun"),
    )
    assert problems(roster) == []
    assert skipped(roster) == [(line, "roster_line_no_student") for line in (2, 3, 4)]


def test_participants_of_moodle() -> None:
    text = (
        '\ufeff"First name","Last name","ID number","Email address",Groups,"Last access"\n'
        'Ana,Lima,0077,ana@x.org,"G1, G2","2 days"\nBo,Ek,,bo@x.org,,never\n'
    )
    roster = read(text)
    assert roster == Roster(
        (
            Student("Ana Lima", "ana@x.org", "0077", "G1, G2", line=2, surname="Lima"),
            Student("Bo Ek", "bo@x.org", line=3, surname="Ek"),
        ),
        (),
        (),
        Understood(
            (
                Column(0, "First name", Meaning.FIRST_NAME),
                Column(1, "Last name", Meaning.LAST_NAME),
                Column(2, "ID number", Meaning.NUMBER),
                Column(3, "Email address", Meaning.EMAIL),
                Column(4, "Groups", Meaning.GROUP),
                Column(5, "Last access", Meaning.NOTHING),
            ),
            header_lines=(1,),
            encoding="utf-8",
            delimiter=",",
        ),
    )


def test_a_report_of_teams() -> None:
    times = "1/2/26, 9:00:00 AM\t1/2/26, 10:00:00 AM\t1h"
    text = (
        "1. Summary\r\nMeeting title\tMaths\r\nAttended participants\t2\r\n\r\n2. Participants\r\n"
        "Name\tFirst Join\tLast Leave\tIn-Meeting Duration\tEmail\tParticipant ID (UPN)\tRole\r\n"
        f"Eva Berg\t{times}\teva@x.org\teva@x.org\tOrganizer\r\nAna Lima\t{times}\tana@x.org\tana@x.org\tAttendee\r\n"
        "\r\n3. In-Meeting Activities\r\nName\tJoin Time\tLeave Time\tDuration\tEmail\tRole\r\n"
        f"Ana Lima\t{times}\tana@x.org\tAttendee\r\n"
    )
    roster = read(text, "utf-16")
    assert roster.students == (Student("Ana Lima", "ana@x.org", line=8),)
    assert problems(roster) == [(11, "roster_another_table", {})]
    assert skipped(roster) == [(7, "roster_line_of_teacher"), (10, "roster_line_no_student")]
    assert meanings(roster) == "name nothing nothing nothing email nothing role"
    assert (roster.understood.encoding, roster.understood.delimiter) == ("utf-16-le", "\t")


def test_a_report_of_zoom_with_the_meeting_first() -> None:
    times = "05/03/2026 10:00:00 AM,05/03/2026 11:00:00 AM"
    text = (
        "Meeting ID,Topic,Start Time,End Time,User Email,Duration (Minutes),Participants\n"
        f"812 3456 7890,Maths,{times},host@x.org,60,2\n\n"
        "Name (Original Name),User Email,Join Time,Leave Time,Duration (Minutes),Guest,In Waiting Room\n"
        f"Ana Lima,ana@x.org,{times},60,No,No\nBo,,{times},60,Yes,No\n"
    )
    roster = read(text)
    assert roster.students == (Student("Ana Lima", "ana@x.org", line=5), Student("Bo", line=6))
    assert problems(roster) == []
    assert roster.understood.header_lines == (4,)


def test_a_report_of_zoom_with_a_column_more_below_the_meeting() -> None:
    times = "05/03/2026 10:00:00 AM,05/03/2026 11:00:00 AM"
    text = (
        "Meeting ID,Topic,Start Time,End Time,User Email,Duration (Minutes),Participants,\n"
        f"8123,Maths,{times},h@x.org,60,3,\n\n"
        "Name (Original Name),User Email,Join Time,Leave Time,Duration (Minutes),Guest,Consent,In Waiting Room\n"
        f"Ana Lima,ana@x.org,{times},60,No,,No\nBo,,{times},60,Yes,,No\n"
    )
    roster = read(text)
    assert roster.students == (Student("Ana Lima", "ana@x.org", line=5), Student("Bo", line=6))
    assert problems(roster) == []


def test_a_list_of_sigaa() -> None:
    text = (
        "UNIVERSIDADE FEDERAL DO NORTE\nTurma: MAT0101 - Cálculo I (2026.1)\nDocente: JOÃO SOUZA\n\n"
        "Nº;Matrícula;Discente;E-mail;Turma;Data de Ingresso;Data de Saída\n"
        "1;00260012345;ANA LIMA DA SILVA;ana@ufn.br;T01;05/02/2026;\n"
        "2;00260012346;JOSÉ ÇA;jose@ufn.br;T01;13/02/2026;20/06/2026\n"
        "Total de discentes: 2;;;;;;\nEmitido em 03/05/2026 10:22;;;;;;\n"
    )
    roster = read(text, "cp1252")
    assert roster.students == (
        Student("ANA LIMA DA SILVA", "ana@ufn.br", "00260012345", "T01", date(2026, 2, 5), None, 6),
        Student("JOSÉ ÇA", "jose@ufn.br", "00260012346", "T01", date(2026, 2, 13), date(2026, 6, 20), 7),
    )
    assert problems(roster) == []
    assert skipped(roster) == [(8, "roster_line_no_student"), (9, "roster_line_no_student")]
    assert meanings(roster) == "seat_number number name email group from until"
    assert roster.understood.header_lines == (5,)
    assert roster.understood.encoding == "windows-1252"


def test_a_brazilian_school_with_ra_and_responsible_people() -> None:
    text = (
        "Escola Estadual;;;;;\nNº;RA;Nome do(a) Aluno(a);Nome da mãe;E-mail do responsável;E-mail institucional\n"
        "1;000111222-3;Ana Conceição;Eva;eva@casa.br;ana@aluno.br\n2;000111333-X;Zé Côrtes;Lia;lia@casa.br;\n"
    )
    roster = read(text)
    assert roster.students == (
        Student("Ana Conceição", "ana@aluno.br", "000111222-3", line=3),
        Student("Zé Côrtes", "", "000111333-X", line=4),
    )
    assert problems(roster) == []
    assert meanings(roster) == "seat_number number name other_person other_person email"


def test_a_list_of_seneca_or_alexia() -> None:
    text = (
        '"Relación de alumnado"\n'
        '"Alumno/a";"Nº Id. Escolar";"Unidad";"Correo electrónico";"Primer tutor";"Correo tutor";"Fecha de alta";'
        '"Baja"\n'
        '"García López, Ana";"0123";"1ºESO A";"ana@x.es";"López, Eva";"eva@x.es";"01/09/2026";""\n'
        '"Peña, Iñaki";"0124";"1ºESO A";"";"Peña, Jon";"jon@x.es";"14/09/2026";"30/10/2026"\n'
    )
    roster = read(text, "cp1252")
    assert roster.students == (
        Student("Ana García López", "ana@x.es", "0123", "1ºESO A", date(2026, 9, 1), None, 3, "García López"),
        Student("Iñaki Peña", "", "0124", "1ºESO A", date(2026, 9, 14), date(2026, 10, 30), 4, "Peña"),
    )
    assert problems(roster) == []
    assert meanings(roster) == "name number group email other_person other_person from until"


def test_two_surnames_and_a_number_of_enrolment() -> None:
    roster = read("Nombre;Primer apellido;Segundo apellido;Grupo;N.º matrícula\nAna;García;López;3B;0007\n")
    assert roster.students == (Student("Ana García López", "", "0007", "3B", line=2, surname="García López"),)


def test_a_german_list() -> None:
    text = (
        "Lfd. Nr.;Nachname;Vorname;Klasse;E-Mail-Adresse;E-Mail Eltern;Eintritt;Austritt\r\n"
        "1;Müller;Jörg;7b;joerg@x.de;eltern@x.de;01.09.2026;\r\n"
        "2;von der Heide;Anna Lena;7b;;;01.09.2026;31.01.2027\r\n"
    )
    roster = read(text, "cp1252")
    first = date(2026, 9, 1)
    assert roster.students == (
        Student("Jörg Müller", "joerg@x.de", "", "7b", first, None, 2, "Müller"),
        Student("Anna Lena von der Heide", "", "", "7b", first, date(2027, 1, 31), 3, "von der Heide"),
    )
    assert problems(roster) == []
    assert meanings(roster) == "seat_number last_name first_name group email other_person from until"


def test_a_french_list_from_an_old_mac() -> None:
    roster = read("Nom;Prénom;Classe;Courriel\rDupont;Éloïse;6e B;eloise@x.fr\rÇelik;Noë;6e B;\r", "mac-roman")
    assert roster.students == (
        Student("Éloïse Dupont", "eloise@x.fr", "", "6e B", line=2, surname="Dupont"),
        Student("Noë Çelik", "", "", "6e B", line=3, surname="Çelik"),
    )
    assert roster.understood.encoding == "mac-roman"


def test_french_names_with_the_surname_in_capitals() -> None:
    roster = read("Nom Prénom;Classe;Mél responsable légal\nDUPONT MARTIN Éloïse;6B;p@x.fr\nLEROY Jean;6B;q@x.fr\n")
    assert [(one.name, one.surname, one.email) for one in roster.students] == [
        ("Éloïse DUPONT MARTIN", "DUPONT MARTIN", ""),
        ("Jean LEROY", "LEROY", ""),
    ]


def test_unicode_text_of_excel() -> None:
    text = "Name\tE-mail\tGroup\r\n“Ana” Lima\tana@x.org\t7A\r\nIñaki\t\t7A\r\n"
    for encoding, known in (("utf-16", "utf-16-le"), ("utf-16-le", "utf-16-le"), ("utf-16-be", "utf-16-be")):
        roster = read(text, encoding)
        assert roster.students == (
            Student("“Ana” Lima", "ana@x.org", "", "7A", line=2),
            Student("Iñaki", "", "", "7A", line=3),
        )
        assert roster.understood.encoding == known


def test_headings_of_two_rows_with_those_of_a_guardian() -> None:
    text = "Nº,Aluno,,Responsável,\n,Nome,E-mail,Nome,E-mail\n1,Ana,ana@x.org,Eva,eva@x.org\n2,Bo,,Jo,jo@x.org\n"
    roster = read(text)
    assert roster.students == (Student("Ana", "ana@x.org", line=3), Student("Bo", line=4))
    assert roster.understood.header_lines == (1, 2)
    assert meanings(roster) == "seat_number name email other_person other_person"


@pytest.mark.parametrize(
    ("above", "seat"),
    [
        ("Alumnado", "Nº"),
        ("Student", "No."),
        ("Students", "#"),
        ("Aluno", "Nº"),
        ("Schüler", "Nr."),
        ("Élèves", "N°"),
    ],
)
def test_a_seat_number_below_a_heading_of_several_columns_is_no_student_number(above: str, seat: str) -> None:
    names = f"{seat},Apellidos,Nombre"
    for text in (
        f"{above},,,Grupo\n{names},\n1,Lima,Ana,7A\n2,Ek,Bo,7A\n",
        f"{above},,,Grupo\n{names},Grupo\n1,Lima,Ana,7A\n2,Ek,Bo,7A\n",
    ):
        assert read(text).students == (
            Student("Ana Lima", "", "", "7A", line=3, surname="Lima"),
            Student("Bo Ek", "", "", "7A", line=4, surname="Ek"),
        )
    roster = read(f"{above},,,Contacto\n{names},Correo\n1,Lima,Ana,ana@x.org\n2,Ek,Bo,bo@x.org\n")
    assert [(one.name, one.email, one.number) for one in roster.students] == [
        ("Ana Lima", "ana@x.org", ""),
        ("Bo Ek", "bo@x.org", ""),
    ]
    assert meanings(roster) == "seat_number last_name first_name email"


def test_a_student_number_in_a_heading_of_two_lines_is_read() -> None:
    assert read("Student,Name,Email\nNo.,,\n007,Ana,ana@x.org\n").students[0].number == "007"
    assert read("Student,,Email\nID,Name,\n007,Ana,ana@x.org\n").students[0].number == "007"


@pytest.mark.parametrize(
    ("heading", "names"),
    [
        ("Name", ["Lima Ana", "Ek Bo", "García López Eva María"]),
        ("Alumno", ["Lima Ana", "Ek Bo", "García López Eva María"]),
        ("Apellidos y nombre", ["Ana Lima", "Bo Ek", "Eva María García López"]),
    ],
)
def test_a_heading_of_names_above_two_columns_has_both(heading: str, names: list[str]) -> None:
    roster = read(f"{heading},,Email\nLima,Ana,ana@x.org\nEk,Bo,bo@x.org\nGarcía López,Eva María,\nTotal,,\n")
    assert [one.name for one in roster.students] == names
    assert problems(roster) == []


def test_a_column_without_heading_behind_whole_names_is_none_of_them() -> None:
    for cells in (("F", "M", "F"), ("late", "", ""), ("7A", "7B", "7A"), ("yes", "yes", "yes"), ("", "", "")):
        lines = "".join(f"{name},{cell}\n" for name, cell in zip(("Ana", "Bo", "Cy"), cells, strict=True))
        assert [one.name for one in read(f"Name,,Phone\n{lines}").students] == ["Ana", "Bo", "Cy"]
    assert read('Name,,Phone\n"Lima, Ana",Ulm,1\n"Ek, Bo",Bonn,2\n').students[0].name == "Ana Lima"


def test_a_list_without_headings() -> None:
    roster = read("Ana Lima,ana@x.org,00123,7A\nBo Ek,bo@x.org,00124,7B\nCy Ko,,00125,7A\n")
    assert roster.students == (
        Student("Ana Lima", "ana@x.org", "00123", "7A", line=1),
        Student("Bo Ek", "bo@x.org", "00124", "7B", line=2),
        Student("Cy Ko", "", "00125", "7A", line=3),
    )
    assert problems(roster) == []
    assert roster.understood.header_lines == ()
    assert meanings(roster) == "name email number group"


def test_headings_in_a_language_that_is_not_known() -> None:
    roster = read("Имя;Почта\nАнна Иванова;anna@x.ru\nБорис Петров;b@x.ru\n")
    assert roster.students == (Student("Анна Иванова", "anna@x.ru", line=2), Student("Борис Петров", "b@x.ru", line=3))
    assert [column.heading for column in roster.understood.columns] == ["Имя", "Почта"]


def test_lines_of_name_and_mail() -> None:
    for roster in (
        read('Ana Lima <ana@x.org>\r\n"Braun, Otto" <otto@x.org>\r\nCy\r\n', name="list.txt"),
        read_pasted('Ana Lima <ana@x.org>\n"Braun, Otto" <otto@x.org>\nCy\n'),
    ):
        assert roster.students == (
            Student("Ana Lima", "ana@x.org", line=1),
            Student("Otto Braun", "otto@x.org", line=2, surname="Braun"),
            Student("Cy", line=3),
        )
        assert problems(roster) == []


def test_a_list_of_several_groups_with_its_headings_repeated() -> None:
    text = "Turma A\nNome;E-mail\nAna;ana@x.org\n\nTurma B\nNome;E-mail\nBo;bo@x.org\nPágina 1 de 2\n"
    roster = read(text)
    assert roster.students == (Student("Ana", "ana@x.org", line=3), Student("Bo", "bo@x.org", line=7))
    assert skipped(roster) == [
        (5, "roster_line_no_student"),
        (6, "roster_headings_again"),
        (8, "roster_line_no_student"),
    ]


def test_headings_that_are_repeated_after_few_students_lose_nobody() -> None:
    for few in (1, 2):
        lines = [f"Student,s{number}@x.org,{number}\n" for number in range(10, 35 + few)]
        text = "Name,Email,Number\n" + "".join(lines[:few]) + "Name,Email,Number\n" + "".join(lines[few:])
        roster = read(text)
        assert len(roster.students) == 25 + few
        assert problems(roster) == []
        assert skipped(roster) == [(2 + few, "roster_headings_again")]
        without = read(text.replace("@x.org", ""))
        assert len(without.students) == 25 + few


def test_students_above_the_headings_are_read_where_their_columns_are_the_same() -> None:
    for above in ("Ada Abt,a@x.org\n", "Name,Email\nAda Abt,a@x.org\n"):
        roster = read(f"{above}\nGroup B\nName,Email,Number\nBo Bell,b@x.org,7\n")
        assert [(one.name, one.email, one.number) for one in roster.students] == [
            ("Ada Abt", "a@x.org", ""),
            ("Bo Bell", "b@x.org", "7"),
        ]
        assert problems(roster) == []
    roster = read("Ada Abt,a@x.org\n\nGroup B\nName,Email,Phone\nBo Bell,b@x.org,7\n")
    assert roster.students == (Student("Ada Abt", "a@x.org", line=1), Student("Bo Bell", "b@x.org", line=5))


def test_students_above_the_headings_are_named_where_their_columns_are_others() -> None:
    for above in ("a@x.org,Ada Abt\n", "Email,Name\na@x.org,Ada Abt\n", "Number,Name\n001,Ada Abt\n"):
        roster = read(f"{above}\nGroup B\nName,Email,Number\nBo Bell,b@x.org,7\n")
        assert [one.name for one in roster.students] == ["Bo Bell"]
        assert [code for _line, code, _details in problems(roster)] == ["roster_line_no_student"]
    roster = read("Phone,Place,Name,Role\n1,Ulm,Ada Abt,\n\nName,Email\nBo Bell,b@x.org\n")
    assert (len(roster.students), len(roster.problems)) == (1, 1)
    assert problems(read("Docente,Eva Go,e@x.org\n\nName,Number,Email\nBo Bell,7,b@x.org\n")) == []


def test_headings_of_the_same_columns_in_other_words_or_with_more_beside_them_begin_no_other_table() -> None:
    for headings in ("Name,Email,Phone", "Student,E-mail,Phone"):
        roster = read(f"Group A\nName,Email\nAda Abt,a@x.org\n\nGroup B\n{headings}\nBo Bell,b@x.org,7\n")
        assert roster.students == (Student("Ada Abt", "a@x.org", line=3), Student("Bo Bell", "b@x.org", line=7))
        assert problems(roster) == []
        assert skipped(roster) == [(5, "roster_line_no_student"), (6, "roster_headings_again")]
    roster = read("Name,Email\nAda Abt,a@x.org\nCy Day,c@x.org\nDi Go,d@x.org\n\nEmail,Name\nb@x.org,Bo\n")
    assert len(roster.students) == 3
    assert problems(roster) == [(6, "roster_another_table", {})]


def test_the_products_own_file_is_read_again() -> None:
    roster = read("\ufeffName,Email,Number,2026-05-01 Maths\r\nAna,ana@x.org,007,present\r\n'=1+1,,'-5,absent\r\n")
    assert roster.students == (Student("Ana", "ana@x.org", "007", line=2), Student("=1+1", "", "-5", line=3))
