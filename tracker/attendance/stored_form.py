"""The stored form of an attendance: the JSON of the column `participantsData`. Pure functions."""

from collections.abc import Iterable, Mapping
from typing import Any

from tracker.attendance.counting import person_key
from tracker.attendance.types import Attendance, Mark, Said, Source, Stay, where_of
from tracker.clock import parse_utc, to_zoom
from tracker.text import number_of, text_of


def participants_data(attendance: Attendance) -> dict[str, Any]:
    """The stored form of an attendance (column `participantsData`): everything needed to take it again."""
    return {
        "totalRecords": attendance.total_records,
        "uniqueCount": attendance.unique_count,
        "participants": stored_entries(attendance.stays),
        "repeats": attendance.repeats,
        "source": attendance.source.value,
    }


def stays_from_data(data: Mapping[str, Any]) -> tuple[Stay, ...]:
    """The stays in a stored `participantsData`; another program may have written it, with pieces that are odd."""
    return stays_from_entries(data["participants"])


def source_in_data(data: Mapping[str, Any]) -> Source:
    """Where the records in a stored `participantsData` come from; another program may not say it."""
    return next((source for source in Source if source.value == data.get("source")), Source.ZOOM)


def said_in_data(data: Mapping[str, Any]) -> Said | None:
    """What the teacher had said of the people of a class when their names were removed; None while they are there."""
    said = data.get("said")
    if not isinstance(said, dict):
        return None
    same = (tuple(person_key(text_of(name), "") for name in pair) for pair in said["same"])
    marks = {person_key(name, ""): Mark(mark) for name, mark in said["marks"].items()}
    return Said(tuple((first, second) for first, second in same), marks)


def stored_entries(stays: Iterable[Stay]) -> list[dict[str, Any]]:
    """Records as they are stored, in their order."""
    return [
        {
            "name": stay.name,
            "email": stay.email,
            "joinTime": to_zoom(stay.join) if stay.join else None,
            "leaveTime": to_zoom(stay.leave) if stay.leave else None,
            "duration": stay.seconds,
            "status": stay.where.value,
            "userId": stay.user_id,
            "zoomUserId": stay.zoom_user_id,
            "registrantId": stay.registrant_id,
            "sessionUuid": stay.session_uuid,
        }
        for stay in stays
    ]


def stays_from_entries(entries: Iterable[Mapping[str, Any]]) -> tuple[Stay, ...]:
    """The records in stored entries, of which pieces may be missing or odd."""
    return tuple(
        Stay(
            name=text_of(entry.get("name")),
            email=text_of(entry.get("email")),
            join=parse_utc(entry.get("joinTime")),
            leave=parse_utc(entry.get("leaveTime")),
            seconds=number_of(entry.get("duration")),
            where=where_of(entry.get("status")),
            user_id=text_of(entry.get("userId")),
            zoom_user_id=text_of(entry.get("zoomUserId")),
            registrant_id=text_of(entry.get("registrantId")),
            session_uuid=text_of(entry.get("sessionUuid")),
        )
        for entry in entries
    )
