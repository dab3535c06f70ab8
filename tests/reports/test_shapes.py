"""Reports in the shapes in which Zoom and Teams give them out, each with all that is read of it."""

from typing import Any

import pytest

from tests.reports.files import BLOCK, PLAIN, problems, read, told

WIDE = (
    "Topic,Meeting ID,User Name,User Email,Department,Group,Has Zoom Rooms?,Creation Time,Start Time,End Time,"
    "Duration (Minutes),Participants,Name (Original Name),User Email,Join Time,Leave Time,Duration (Minutes),Guest,"
    "Recording Consent,In Waiting Room,Marketing opt-in\n"
)
TEAMS = (
    "1. Summary\r\n"
    "Meeting title\tBiology\r\nAttended participants\t2\r\n"
    "Start time\t9/22/26, 2:48:05 PM\r\nEnd time\t9/22/26, 3:48:05 PM\r\n"
    "Meeting duration\t1h\r\nAverage attendance time\t50m 2s\r\n\r\n"
    "2. Participants\r\n"
    "Name\tFirst Join\tLast Leave\tIn-Meeting Duration\tEmail\tParticipant ID (UPN)\tRole\r\n"
    "Ana Lima\t9/22/26, 2:48:05 PM\t9/22/26, 3:48:05 PM\t1h\tana@x.org\tana@x.org\tOrganizer\r\n"
    "Bo Ek (Guest)\t9/22/26, 2:50:00 PM\t9/22/26, 3:48:00 PM\t48m\t\t\tPresenter\r\n\r\n"
)
ACTIVITIES = (
    "3. In-Meeting Activities\r\n"
    "Name\tJoin Time\tLeave Time\tDuration\tEmail\tRole\r\n"
    "Ana Lima\t9/22/26, 2:48:05 PM\t9/22/26, 3:48:05 PM\t1h\tana@x.org\tOrganizer\r\n"
    "Bo Ek (Guest)\t9/22/26, 2:50:00 PM\t9/22/26, 3:10:00 PM\t20m\t\tPresenter\r\n"
    "Bo Ek (Guest)\t9/22/26, 3:20:00 PM\t9/22/26, 3:48:00 PM\t28m\t\tPresenter\r\n"
)
BO = "Bo Ek <bo@x.org> 08:00:00-08:50:00 3000"
AN_HOUR = "2026-05-14 08:00:00-09:00:00"
OF_BO = "Bo Ek,bo@x.org,2026-05-14 10:00:00,2026-05-14 10:50:00"

SHAPES: dict[str, tuple[str, list[tuple[str, str, list[str]]], list[tuple[int, str]]]] = {
    "the usual report, with the meeting above": (
        BLOCK
        + '"812 3456 7890","Algebra, 7B",05/14/2026 10:00:00 AM,05/14/2026 11:00:00 AM,ana@x.org,60,3\n\n'
        + PLAIN
        + "Ana Lima,ana@x.org,05/14/2026 10:00:00 AM,05/14/2026 11:00:00 AM,60,No,No,\n"
        + "Bo Ek (Bo),bo@x.org,05/14/2026 10:05:30 AM,05/14/2026 10:30:00 AM,25,Yes,No,OK\n"
        + "Bo Ek (Bo),bo@x.org,05/14/2026 10:40:00 AM,05/14/2026 11:00:00 AM,20,Yes,No,OK\n"
        + "Cy,,05/14/2026 10:01:00 AM,05/14/2026 10:02:00 AM,1,Yes,Yes,\n",
        [
            (
                "Algebra, 7B",
                AN_HOUR,
                [
                    "Ana Lima <ana@x.org> 08:00:00-09:00:00 3600",
                    "Bo Ek (Bo) <bo@x.org> 08:05:30-08:30:00 1470",
                    "Bo Ek (Bo) <bo@x.org> 08:40:00-09:00:00 1200",
                    "Cy 08:01:00-08:02:00 60 w",
                ],
            )
        ],
        [],
    ),
    "the same without the meeting": (
        f"{PLAIN}{OF_BO},50,No,No,\nDi,,2026-05-14 10:10:00,2026-05-14 10:55:01,45,Yes,No,\n",
        [("", "2026-05-14 08:00:00-08:55:01", [BO, "Di 08:10:00-08:55:01 2701"])],
        [],
    ),
    "people once, with their minutes and no times": (
        f"{BLOCK}812,Algebra,2026-05-14 10:00:00,2026-05-14 11:00:00,ana@x.org,60,2\n\n"
        "Name (Original Name),User Email,Total Duration (Minutes),Guest\nBo Ek,bo@x.org,51,No\nDi,,3,Yes\n",
        [("Algebra", AN_HOUR, ["Bo Ek <bo@x.org> ?-? 3060", "Di ?-? 180"])],
        [(5, "report_without_times")],
    ),
    "21 columns: the first address is the host's": (
        f"{WIDE}Algebra,812,Ana Lima,ana@x.org,Maths,,No,15/01/2026 01:27,01/06/2026 10:00,01/06/2026 11:00,60,2,"
        "Bo Ek,bo@x.org,01/06/2026 10:00,01/06/2026 10:50,51,No,,No,-\n"
        "Algebra,812,Ana Lima,ana@x.org,Maths,,No,15/01/2026 01:27,01/06/2026 10:00,01/06/2026 11:00,60,2,"
        "Di,,01/06/2026 10:00,01/06/2026 10:01,1,Yes,,Yes,-\n"
        "Algebra,812,Ana Lima,ana@x.org,Maths,,No,15/01/2026 01:27,08/06/2026 10:00,08/06/2026 11:00,60,1,"
        "Bo Ek,bo@x.org,08/06/2026 10:00,08/06/2026 10:50,51,No,,No,-\n",
        [
            ("Algebra", "2026-06-01 08:00:00-09:00:00", [BO, "Di 08:00:00-08:01:00 60 w"]),
            ("Algebra", "2026-06-08 08:00:00-09:00:00", [BO]),
        ],
        [],
    ),
    "the newest headings, with the host's name and address above": (
        "Topic,ID,Host name,Host email,Start time,End time,Participants,Duration (minutes)\n"
        "Algebra,812 3456,Ana Lima,ana@x.org,2026-05-14T10:00:00,2026-05-14T11:00:00,2,60\n\n"
        "Name (original name),Email,Join time,Leave time,Duration (minutes),Guest,Recording disclaimer response,"
        "In waiting room\n" + f"{OF_BO},50,No,OK,No\n",
        [("Algebra", AN_HOUR, [BO])],
        [],
    ),
    "several meetings, one below the other": (
        "".join(
            f"{BLOCK}812,{title},{day} 10:00:00,{day} 11:00:00,ana@x.org,60,1\n\n{PLAIN}"
            f"Bo Ek,bo@x.org,{day} 10:00:00,{day} 10:50:00,50,No,No,\n\n"
            for title, day in (("Second", "2026-05-21"), ("First", "2026-05-14"))
        ),
        [("First", AN_HOUR, [BO]), ("Second", "2026-05-21 08:00:00-09:00:00", [BO])],
        [],
    ),
    "several meetings that only their times tell apart": (
        f"{PLAIN}{OF_BO},50,No,No,\n{PLAIN}{OF_BO.replace('-05-14', '-05-21')},50,No,No,\n",
        [("", "2026-05-14 08:00:00-08:50:00", [BO]), ("", "2026-05-21 08:00:00-08:50:00", [BO])],
        [],
    ),
    "Teams, three parts: the third one counts": (
        TEAMS + ACTIVITIES,
        [
            (
                "Biology",
                "2026-09-22 12:48:05-13:48:05",
                [
                    "Ana Lima <ana@x.org> 12:48:05-13:48:05 3600",
                    "Bo Ek 12:50:00-13:10:00 1200",
                    "Bo Ek 13:20:00-13:48:00 1680",
                ],
            )
        ],
        [],
    ),
    "Teams, without the third part": (
        TEAMS,
        [
            (
                "Biology",
                "2026-09-22 12:48:05-13:48:05",
                ["Ana Lima <ana@x.org> 12:48:05-13:48:05 3600", "Bo Ek 12:50:00-13:48:00 3480"],
            )
        ],
        [(10, "report_first_and_last")],
    ),
    "Teams, the third part without addresses": (
        TEAMS + ACTIVITIES.replace("\tEmail", "").replace("\tana@x.org", "").replace("\t\tPresenter", "\tPresenter"),
        [
            (
                "Biology",
                "2026-09-22 12:48:05-13:48:05",
                [
                    "Ana Lima <ana@x.org> 12:48:05-13:48:05 3600",
                    "Bo Ek 12:50:00-13:10:00 1200",
                    "Bo Ek 13:20:00-13:48:00 1680",
                ],
            )
        ],
        [],
    ),
    "Teams, as it was before: a summary without numbers": (
        "Meeting Summary\nTotal Number of Participants\t1\nMeeting Title\tBiology\n"
        "Meeting Start Time\t5/14/2026, 10:00:00 AM\nMeeting End Time\t5/14/2026, 11:00:00 AM\nMeeting Id\tab-c\n\n"
        "Full Name\tJoin Time\tLeave Time\tDuration\tEmail\tRole\tParticipant ID (UPN)\n"
        "Bo Ek\t5/14/2026, 10:00:00 AM\t5/14/2026, 10:50:00 AM\t50m\tbo@x.org\tPresenter\tbo@x.org\n",
        [("Biology", AN_HOUR, [BO])],
        [],
    ),
    "Teams, the oldest: who came and who left": (
        "Full Name\tUser Action\tTimestamp\n"
        "Bo Ek\tJoined before\t5/14/2026, 10:00:00 AM\nCy\tJoined\t5/14/2026, 10:05:00 AM\n"
        "Cy\tLeft\t5/14/2026, 10:15:00 AM\nCy\tJoined\t5/14/2026, 10:20:00 AM\nDi\tLeft\t5/14/2026, 10:50:00 AM\n",
        [
            (
                "",
                "2026-05-14 08:00:00-08:50:00",
                [
                    "Bo Ek 08:00:00-08:50:00 3000",
                    "Cy 08:05:00-08:15:00 600",
                    "Cy 08:20:00-08:50:00 1800",
                    "Di ?-08:50:00 0",
                ],
            )
        ],
        [(2, "report_still_there")],
    ),
    "a webinar: hosts, panelists and attendees, and who did not come": (
        'Attendee Report\nReport Generated:,"05/20/2026 10:00"\n'
        "Topic,Webinar ID,Actual Start Time,Actual Duration (minutes),# Registered\n"
        "Open day,912,05/14/2026 10:00 AM,60,2\nHost Details\n"
        "Attended,User Name (Original Name),Email,Join Time,Leave Time,Time in Session (minutes),Is Guest\n"
        "Yes,Ana Lima,ana@x.org,05/14/2026 10:00 AM,05/14/2026 11:00 AM,60,No\nAttendee Details\n"
        "Attended,User Name (Original Name),First Name,Email,Registration Time,Join Time,Leave Time,"
        "Time in Session (minutes),Is Guest\n"
        "Yes,Bo Ek,Bo,bo@x.org,05/01/2026 09:00 AM,05/14/2026 10:00 AM,05/14/2026 10:50 AM,50,No\n"
        "No,Di,Di,di@x.org,05/01/2026 09:00 AM,--,--,--,--\n",
        [("Open day", AN_HOUR, ["Ana Lima <ana@x.org> 08:00:00-09:00:00 3600", BO])],
        [],
    ),
    "times of the day alone, on the meeting's day, past midnight": (
        f"{BLOCK}812,Stars,2026-05-14 23:00:00,2026-05-15 01:00:00,ana@x.org,120,1\n\n"
        "Name,Join Time,Leave Time\nBo Ek,23:10,00:40:30\n",
        [("Stars", "2026-05-14 21:00:00-23:00:00", ["Bo Ek 21:10:00-22:40:30 5430"])],
        [],
    ),
    "Spanish": (
        "ID de la reunión;Tema;Hora de inicio;Hora de finalización;E-mail del usuario;Duración (minutos)\n"
        "812;Álgebra;14/05/2026 10:00:00;14/05/2026 11:00:00;ana@x.org;60\n\n"
        "Nombre (nombre original);E-mail del usuario;Hora para unirse;Hora para salir;Duración (minutos);Invitado;"
        "En sala de espera\nBo Ek;bo@x.org;14/05/2026 10:00:00;14/05/2026 10:50:00;50;No;No\n"
        "Íñigo;;14/05/2026 10:00:00 a. m.;14/05/2026 10:02:00 a. m.;2;Sí;Sí\n",
        [("Álgebra", AN_HOUR, [BO, "Íñigo 08:00:00-08:02:00 120 w"])],
        [],
    ),
    "Portuguese": (
        "Tópico,ID,Anfitrião,Hora de início,Hora de término,Duração (minutos)\n"
        "Álgebra,812,Ana,14/05/2026 10:00:00,14/05/2026 11:00:00,60\n\n"
        "Nome (nome original),E-mail,Ingressar na hora,Hora de saída,Duração (minutos),Convidado,Na sala de espera\n"
        "Bo Ek,bo@x.org,14/05/2026 10:00:00,14/05/2026 10:50:00,50,Não,Não\n"
        "João,,14/05/2026 10:00:00,14/05/2026 10:02:00,2,Sim,Sim\n",
        [("Álgebra", AN_HOUR, [BO, "João 08:00:00-08:02:00 120 w"])],
        [],
    ),
    "German": (
        "Meeting-ID;Thema;Startzeit;Endzeit;Benutzer-E-Mail;Dauer (Minuten);Teilnehmer\n"
        "812;Algebra;14.05.2026 10:00:00;14.05.2026 11:00:00;ana@x.org;60;2\n\n"
        "Name (Originalname);Benutzer-E-Mail;Beitrittszeit;Verlassen um;Dauer (Minuten);Gast;Im Warteraum\n"
        "Bo Ek;bo@x.org;14.05.2026 10:00:00;14.05.2026 10:50:00;50;Nein;Nein\n"
        "Jürgen;;14.05.2026 10:00:00;14.05.2026 10:02:00;2;Ja;Ja\n",
        [("Algebra", AN_HOUR, [BO, "Jürgen 08:00:00-08:02:00 120 w"])],
        [],
    ),
    "French": (
        "ID de réunion,Sujet,Heure de début,Heure de fin,Adresse e-mail,Durée (minutes),Participants\n"
        "812,Algèbre,14/05/2026 10:00,14/05/2026 11:00,ana@x.org,60,2\n\n"
        "Nom (nom d'origine),Adresse e-mail,Heure d'arrivée,Heure de départ,Durée (minutes),Invité,En salle d'attente\n"
        "Bo Ek,bo@x.org,14/05/2026 10:00,14/05/2026 10:50,50,Non,Non\n"
        "Élodie,,14/05/2026 10:00,14/05/2026 10:02,2,Oui,Oui\n",
        [("Algèbre", AN_HOUR, [BO, "Élodie 08:00:00-08:02:00 120 w"])],
        [],
    ),
    "Teams in French, with the room of each join": (
        "1. Résumé\r\nTitre de la réunion\tBiologie\r\nHeure de début\t14/05/2026 10:00:00\r\n"
        "Heure de fin\t14/05/2026 11:00:00\r\n\r\n2. Participants\r\n"
        "Nom\tPremière connexion\tDernier départ\tDurée dans la réunion\tE-mail\tID du participant (UPN)\tRôle\r\n"
        "Bo Ek\t14/05/2026 10:00:00\t14/05/2026 10:50:00\t50 min\tbo@x.org\tbo@x.org\tPrésentateur\r\n\r\n"
        "3. Activités en réunion\r\n"
        "Nom\tType de salle\tNom de la salle\tHeure de connexion\tHeure de départ\tDurée\tE-mail\tRôle\r\n"
        "Bo Ek (Invité)\tSalle\tPrincipale\t14/05/2026 10:00:00\t14/05/2026 10:50:00\t50 min\tbo@x.org\tX\r\n",
        [("Biologie", AN_HOUR, [BO])],
        [],
    ),
    "UTC by the headings, and by the cells": (
        "Full Name,Join Time (UTC),Leave Time (UTC),Email\n"
        "Bo Ek,2026-05-14 08:00:00,2026-05-14T10:50:00+02:00,bo@x.org\n",
        [("", "2026-05-14 08:00:00-08:50:00", [BO])],
        [],
    ),
    "odd lines": (
        f"{PLAIN}{OF_BO},50,No,No,\n"
        "Cy,cy at x.org,2026-05-14 10:10:00,soon,7,No,No,\n"
        "Di,di@,2026-05-14 10:10:00,2026-05-14 10:05:00,3,No,No,\n"
        "Total,2 people,,,,,,\n"
        ",,2026-05-14 10:20:00,2026-05-14 10:30:00,10,No,No,\n"
        '="Ed",\'=mailto,2026-05-14 10:20:00,,10,No,No,\n',
        [
            (
                "",
                "2026-05-14 08:00:00-08:50:00",
                [
                    BO,
                    "Cy 08:10:00-? 420",
                    "Di 08:10:00-? 180",
                    "08:20:00-08:30:00 600",
                    "Ed 08:20:00-? 600",
                ],
            )
        ],
        [
            (3, "report_time_unreadable"),
            (4, "email_unusable"),
            (4, "report_leave_before_join"),
            (5, "report_line_unread"),
        ],
    ),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_report_of_this_shape_is_read(shape: str) -> None:
    text, expected, said = SHAPES[shape]
    report = read(text)
    assert told(report) == expected
    assert problems(report) == said


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_however_it_is_written_it_says_the_same(shape: str, encoding: str, ends: str) -> None:
    text = SHAPES[shape][0]
    again = ends.join(text.splitlines()).encode(encoding)
    assert [one.digest for one in read(again).classes] == [one.digest for one in read(text).classes]


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace(",", ";"),
        lambda text: text.replace(",", "\t"),
        lambda text: "sep=,\n" + text,
        lambda text: text.replace("\n", ",,\n"),
        lambda text: "\n\n" + text,
        lambda text: "\n".join(",".join(f'"{cell}"' for cell in line.split(",")) for line in text.splitlines()),
        lambda text: "\n".join(f'"{line}"' for line in text.splitlines()),
        lambda text: text + text[len(PLAIN) :],
        lambda text: PLAIN + "".join(sorted(text[len(PLAIN) :].splitlines(keepends=True), reverse=True)),
    ],
)
def test_other_separators_quotes_repeats_and_another_order_say_the_same(change: Any) -> None:
    text = f"{PLAIN}{OF_BO},50,No,No,\nDi,,2026-05-14 10:10:00,2026-05-14 10:55:01,45,Yes,No,\n"
    assert [one.digest for one in read(change(text)).classes] == [one.digest for one in read(text).classes]


@pytest.mark.parametrize("other", ["bo2@x.org", "11:00:01", "Bo Eks"])
def test_what_says_something_else_has_another_digest(other: str) -> None:
    text = f"{PLAIN}{OF_BO},50,No,No,\n"
    was = {"bo2@x.org": "bo@x.org", "11:00:01": "10:50:00", "Bo Eks": "Bo Ek"}[other]
    assert read(text).classes[0].digest != read(text.replace(was, other)).classes[0].digest


def test_several_reports_of_teams_in_one_file_are_several_classes() -> None:
    first = TEAMS + ACTIVITIES
    found = told(read(f"{first}\r\n{first.replace('9/22/26', '9/23/26').replace('Biology', 'Physics')}"))
    assert [(title, when) for title, when, _stays in found] == [
        ("Biology", "2026-09-22 12:48:05-13:48:05"),
        ("Physics", "2026-09-23 12:48:05-13:48:05"),
    ]
    assert [len(stays) for _title, _when, stays in found] == [3, 3]


def test_of_several_meetings_one_may_have_had_nobody() -> None:
    row = "{0},Algebra,2026-05-{0} 10:00:00,2026-05-{0} 11:00:00,,60,1\n\n"
    text = "".join(
        f"{BLOCK}{row.format(day)}{PLAIN}{people}" for day, people in (("13", ""), ("14", f"{OF_BO},50,,,\n"))
    )
    assert told(read(text)) == [("Algebra", "2026-05-13 08:00:00-09:00:00", []), ("Algebra", AN_HOUR, [BO])]


def test_the_same_meeting_twice_in_a_file_is_one() -> None:
    part = SHAPES["the usual report, with the meeting above"][0]
    assert told(read(f"{part}\n{part}")) == SHAPES["the usual report, with the meeting above"][1]
