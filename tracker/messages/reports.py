"""The sentences on reports that somebody has kept of earlier classes."""

from collections.abc import Mapping

from tracker.messages.details import Plural, Template

OF_REPORTS: Mapping[str, Template] = {
    "report_unknown": "This is no report of participants of Zoom's or Teams'. Take the CSV file as it was downloaded.",
    "report_is_workbook": "This is an Excel file. Take the report as it was downloaded, or save it as CSV.",
    "report_of_meetings_only": "This report lists meetings, and not who was in them. Take the report of the "
    "participants of a meeting.",
    "report_empty": "There is nobody in this report.",
    "report_too_large": "This file is too large for a report of participants.",
    "report_too_many_classes": "This file has reports of more than {most} meetings. Import it in parts.",
    "report_dates_ambiguous": "In this report either the day or the month may come first: {text} may be {day_first} or "
    "{month_first}. Say which (on the command line: --dates day-first, or --dates month-first).",
    "report_without_date": "This report does not say when the meeting was. Download it with the meeting's data, or say "
    "when it began (on the command line: --start 2026-05-14T10:00).",
    "report_not_past": "By this report a class is still to come, or in another century: {day}. Look at the time zone, "
    "and at which of day and month comes first.",
    "time_of_day_unreadable": "“{text}” is not a time of the day; write it like 09:00.",
    # Of a line of the report.
    "report_line_unread": "This line says of nobody when, or for how long: {text}",
    "report_time_unreadable": "“{text}” is no time that can be read.",
    "report_leave_before_join": "The leave is before the join, or more than a day later; it was left out.",
    "report_without_times": "This report has no times of joining and leaving, only minutes, which are rounded up. "
    "Who came late or left early is not known.",
    "report_first_and_last": "This report has only the first join and the last leave of each person. The time between "
    "them counts as present.",
    "report_still_there": Plural(
        "people",
        "{people} person was still there when this report was made, and is taken to have left then.",
        "{people} people were still there when this report was made, and are taken to have left then.",
    ),
    "report_beside": "At this time the course has the class “{title}” already. Both are kept.",
}
