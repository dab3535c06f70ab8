"""A practice Zoom: a stand-in to try everything with no Zoom account. It speaks only HTTP to the rest.

Only the lists of its made-up courses' students are taken from here, since no Zoom has such lists.

values.py    what it remembers, as frozen values, and its settings
events.py    those values as webhook events
webhooks.py  the background sender: signatures, retries, deliveries lost or doubled on request
faults.py    faults of calls on request: single ones, and random ones
users.py     the users of the account, their licences, and whether they use their personal meeting id
limits.py    Zoom's rate limits, and a count of the calls
state.py     the mutable state: meetings, what may happen to them, and their file
students.py  the students of the made-up courses, and what a school's list has of them
school.py    the past classes of a made-up term
wire.py      requests, answers and signed tokens as plain values
access.py    Zoom's tokens, scopes, errors and pages of lists; /oauth/token
recurring.py  the dates of recurring meetings
meeting_settings.py  the settings of meetings, and what the account has locked of them
meetings.py  Zoom's calls about meetings: /v2/users/… and /v2/meetings/…
registrants.py  Zoom's calls about who is registered for a meeting: /v2/meetings/…/registrants
past.py      Zoom's calls about meetings that were held: /v2/past_meetings/…
control.py   the calls under /practice/… with which tests and the demo control it
pages.py     the pages behind join links and start links
server.py    the HTTP server, and `PracticeZoom`, which wires all this together
"""

from tracker.practice.server import PracticeZoom
from tracker.practice.values import PracticeSettings

__all__ = ["PracticeSettings", "PracticeZoom"]
