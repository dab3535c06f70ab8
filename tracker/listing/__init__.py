"""Classes as lists have them: how each stands, the plan of a day, and those that need somebody's attention.

states.py     how a class stands, as a code, and what the trouble with it is
day.py        the classes of the page Today
search.py     the classes of the page Classes
attention.py  somebody has seen to the trouble of a class
"""

from tracker.listing.attention import see_to, undo_seen_to
from tracker.listing.day import Day, of_day
from tracker.listing.search import Found, find, list_again, list_courses
from tracker.listing.states import OVERDUE, needs_attention, state_of, trouble_of
from tracker.storage.class_lists import MOST_SEARCHED_FOR_PEOPLE

__all__ = [
    "MOST_SEARCHED_FOR_PEOPLE",
    "OVERDUE",
    "Day",
    "Found",
    "find",
    "list_again",
    "list_courses",
    "needs_attention",
    "of_day",
    "see_to",
    "state_of",
    "trouble_of",
    "undo_seen_to",
]
