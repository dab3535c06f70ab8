"""The support bundle: what somebody who helps from elsewhere has to know of an installation, and nothing of its people.

cleaning.py   what may leave the machine, by rules of what is known to be harmless
bundle.py     what is in the bundle, as a ZIP
"""

from tracker.support.bundle import LOG_LINES, make

__all__ = ["LOG_LINES", "make"]
