"""Lines of a list that are no students: totals, the points of a gradebook, remarks, a test student, teachers."""

import re

from tracker.rosters.headings import heading_of
from tracker.rosters.types import Meaning
from tracker.text import compared_name

# Of Canvas's and Google Classroom's gradebooks, and of lists with a line of averages.
_WHOLE = re.compile(
    r"points possibles?|points|class average|overall average|average|mean|median|date|due date|category|max points"
    r"|maximum|mögliche punkte|punkte möglich|erreichbare punkte|kursdurchschnitt"
    r"|promedio|promedio de la clase|media de la clase|media da turma|média|média da turma|media|durchschnitt"
    r"|klassendurchschnitt|moyenne|moyenne de la classe|puntos|puntos posibles|pontos|pontos poss[íi]veis"
    r"|punkte|fecha|data|datum|summe|gesamt|insgesamt|anzahl|effectif|count|subtotal|sum|suma|soma|somme"
)
# Of Canvas, which gives this one an ID too.
_STUDENT = r"(?:student|estudiante|alumno|estudante|aluno|[ée]tudiant|[ée]l[èe]ve|studierender?|teilnehmer|schüler)"
_TEST_STUDENT = re.compile(rf"(?:test|teste|prueba)[ -]?{_STUDENT}|{_STUDENT},? (?:de )?(?:test|teste|prueba)")
_ROLE = (
    r"(?:tutora?|profesora?|professora?|docente|teacher|professeure?|enseignante?|(?:klassen)?lehrer(?:in)?|lehrkraft"
    r"|klassenleitung|principal|directora?|diretora?|secretari[oa]|coordinadora?|coordenadora?)"
)
_END = re.compile(
    r"(?:assinatura|firma|signature|unterschrift|signed)(?:| (?:do|da|de|del|du|des|der|of|by) .*)"
    rf"|(?:el|la|o|a|os|as|the|le|der|die) {_ROLE}|[-–—=_*~#]{{2,}}.*"
)
_BEGINNING = re.compile(
    r"(?:sub)?(?:total|totales|totais|totaux)\b|(?:grand|overall) total\b"
    r"|(?:summe|gesamt|insgesamt|anzahl|effectif|count|sum|suma|soma|somme|number of|número de|numero de|nombre d|"
    r"quantidade de|cantidad de)\b.*(?:\d|schüler|student|alumn|alun|estudant|élève|eleve)"
)
_TEACHER = re.compile(
    r"teacher|professor|profesor|docent|lehrer|lehrkraft|instructor|instrutor|owner|organi[sz]er|organizador|\bhost\b"
    r"|moderator|moderador|dozent|enseignant|besitzer|propietari|propriet|trainer|formateur|organisat|tutor|leiter"
    r"|\bta\b|teaching assistant|manager|gestor|\badmin"
)
LONGEST_NAME_ALONE = 60


def is_teacher(role: str) -> bool:
    """Whether this is what a teacher is called in a column of roles."""
    return _TEACHER.search(compared_name(role)) is not None


def is_total(text: str) -> bool:
    """Whether this begins a line of totals: "Total: 24", "Total de alunos"."""
    return _BEGINNING.match(compared_name(text)) is not None


def is_no_student(name: str, *, alone: bool, number: str) -> bool:
    """Whether a line without address is no student's, by what stands where the name should be.

    `alone`: nothing else stands in the line, though the table has more columns; so it may be a remark, or a heading of
    those that follow.
    """
    said = compared_name(name).strip(" .:*=")
    if is_total(said) or _TEST_STUDENT.fullmatch(said):
        return True
    if not number and (_WHOLE.fullmatch(said) or _END.fullmatch(said)):
        return True
    first, *more = re.split(r"[\s:]+", name)
    if not number and heading_of(first).meaning is Meaning.GROUP and 0 < len(more) < 3:
        return True
    return alone and (len(name) > LONGEST_NAME_ALONE or re.search(r"[\d:=_©]|^\*|\.$", name) is not None)
