"""News for the teacher of a course: who was missing when a class is counted, and every week who is at risk.

digest.py    the texts, which are also there to be copied
letters.py   the e-mail that a row of the queue becomes when it is sent
sending.py   taking one e-mail after another from the queue, and asking for the weekly ones
switches.py  a teacher turns them on and off for a course
"""

from tracker.news.digest import Digest, digest_of, weekly_of
from tracker.news.sending import ask_weekly, is_due, send_due, tidy_up
from tracker.news.switches import switch

__all__ = ["Digest", "ask_weekly", "digest_of", "is_due", "send_due", "switch", "tidy_up", "weekly_of"]
