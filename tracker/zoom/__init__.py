"""Everything that Zoom's API and webhooks are.

client.py        what we ask of the API, and what the answers say
connection.py    one call: token, rate limit, limits of time and size, and what a failure means
rate_limit.py    the limits of each plan
webhook.py       signatures and events
meeting_link.py  the meeting in a pasted text
"""

from tracker.zoom.client import Meeting, NewMeeting, Occurrence, ParticipantList, Recurrence, Zoom
from tracker.zoom.connection import SUBSTITUTE_REFUSED, RateLimiter, used_up_for
from tracker.zoom.rate_limit import Category

__all__ = [
    "SUBSTITUTE_REFUSED",
    "Category",
    "Meeting",
    "NewMeeting",
    "Occurrence",
    "ParticipantList",
    "RateLimiter",
    "Recurrence",
    "Zoom",
    "used_up_for",
]
