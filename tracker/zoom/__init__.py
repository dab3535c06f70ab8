"""The Zoom client.

connection.py  one call: token, pace, limits, and what a failure means
client.py      what we ask, and what the answers say
"""

from tracker.zoom.client import Meeting, NewMeeting, Zoom
from tracker.zoom.connection import Category, Pace

__all__ = ["Category", "Meeting", "NewMeeting", "Pace", "Zoom"]
