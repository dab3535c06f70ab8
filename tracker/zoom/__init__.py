"""The Zoom client.

connection.py  one call: token, pace, limits, and what a failure means
client.py      what we ask, and what the answers say
"""

from tracker.zoom.client import Meeting, NewMeeting, Zoom
from tracker.zoom.connection import RateLimiter
from tracker.zoom.rate_limit import Category

__all__ = ["Category", "Meeting", "NewMeeting", "RateLimiter", "Zoom"]
