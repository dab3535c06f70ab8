"""Everything that Zoom's API and webhooks are.

client.py        what we ask of the API, and what the answers say
meetings.py      meetings as the API has them
connection.py    one call: token, rate limit, limits of time and size, and what a failure means
contact.py       how the calls of this process go
rate_limit.py    the limits of each plan
webhook.py       signatures and events
meeting_link.py  the meeting in a pasted text
"""

from tracker.zoom.client import ParticipantList, Zoom
from tracker.zoom.connection import SUBSTITUTE_REFUSED, RateLimiter, used_up_for
from tracker.zoom.contact import Contact, Standing
from tracker.zoom.meetings import Meeting, NewMeeting, Occurrence, Recurrence
from tracker.zoom.rate_limit import Category

__all__ = [
    "SUBSTITUTE_REFUSED",
    "Category",
    "Contact",
    "Meeting",
    "NewMeeting",
    "Occurrence",
    "ParticipantList",
    "RateLimiter",
    "Recurrence",
    "Standing",
    "Zoom",
    "used_up_for",
]
