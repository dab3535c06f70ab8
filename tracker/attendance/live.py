"""Stays made from the joins and leaves that webhooks tell. Pure functions.

Webhooks come in any order, late, twice, or never. They are paired by session and `user_id` (Zoom's number for one
join) and ordered by the times that they state, never by when they arrived.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from tracker.attendance.types import Sighting, Stay, Where


def stays_seen(sightings: Iterable[Sighting], ends: Mapping[str, datetime]) -> tuple[Stay, ...]:
    """The stays behind the sightings; one whose end was not seen ends with its session.

    `ends` has the end of each session that is over, by UUID. Where the session still runs, such a stay is open:
    its `leave` is None and its `seconds` are 0. A leave without its join is a stay without a `join`.
    """
    groups: dict[tuple[str, str, Where], list[Sighting]] = defaultdict(list)
    for sighting in sightings:
        groups[sighting.session_uuid, sighting.user_id, sighting.where].append(sighting)
    who = _names(groups)
    found: list[Stay] = []
    for (uuid, user_id, _where), group in groups.items():
        owner = (uuid, max(one.parent_user_id for one in group) or user_id)
        name, email, zoom_user_id = who.get(owner) or who[uuid, user_id]
        for join, leave in _pairs(group):
            last = leave or ends.get(uuid)
            length = last - join if last and join else timedelta()
            stay = Stay(
                name=name,
                email=email,
                join=join,
                leave=join if join and last and last < join else last,
                seconds=max(0, int(length.total_seconds())),
                where=group[0].where,
                user_id=user_id,
                zoom_user_id=zoom_user_id,
                session_uuid=uuid,
            )
            found.append(stay)
    return tuple(found)


def is_open(stay: Stay) -> bool:
    """Whether somebody came and was not seen leaving, in a session that still runs."""
    return stay.join is not None and stay.leave is None


def until(stays: Iterable[Stay], now: datetime) -> tuple[Stay, ...]:
    """The stays with the open ones ended at `now`, to take the attendance of a class that runs."""
    return tuple(_ended(stay, now) if is_open(stay) else stay for stay in stays)


def _ended(stay: Stay, now: datetime) -> Stay:
    join = stay.join or now
    leave = max(join, now)
    return replace(stay, leave=leave, seconds=int((leave - join).total_seconds()))


def _names(groups: Mapping[tuple[str, str, Where], list[Sighting]]) -> dict[tuple[str, str], tuple[str, str, str]]:
    """Name, e-mail and account of each `user_id`, the latest that was said: a leave may come without them."""
    who: dict[tuple[str, str], tuple[str, str, str]] = {}
    told = (one for group in groups.values() for one in group)
    # Of one moment the leave is the later, and then the texts decide: never the order in which they were told.
    for sighting in sorted(told, key=lambda one: (one.at, not one.came, one.name, one.email, one.zoom_user_id)):
        key = (sighting.session_uuid, sighting.user_id)
        name, email, zoom_user_id = who.get(key, ("", "", ""))
        who[key] = (sighting.name or name, sighting.email or email, sighting.zoom_user_id or zoom_user_id)
    return who


def _pairs(group: Iterable[Sighting]) -> list[tuple[datetime | None, datetime | None]]:
    """Join and leave of each stay of one `user_id` in one place."""
    told: dict[datetime, set[bool]] = defaultdict(set)
    for sighting in group:
        told[sighting.at].add(sighting.came)
    pairs: list[tuple[datetime | None, datetime | None]] = []
    joined: datetime | None = None
    for moment in sorted(told):
        # Within one second, who is there leaves and comes back, and who is not there comes and leaves.
        for came in sorted(told[moment], reverse=joined is None):
            if came:
                # A second join without a leave in between is the same one told again, or its leave was lost.
                joined = joined or moment
            elif joined is not None:
                pairs.append((joined, moment))
                joined = None
            elif not pairs:
                pairs.append((None, moment))
    return [*pairs, (joined, None)] if joined is not None else pairs
