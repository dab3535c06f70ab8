"""The tracker, but that the fetches of one that was killed are taken over after seconds, not after two minutes.

Waiting for leases would be most of a storm's time. They end so soon that fetches under way lose them as well.
"""

import sys
from datetime import timedelta

from tracker import cli
from tracker.storage import fetches

LEASE = timedelta(seconds=12)

if __name__ == "__main__":
    fetches.LEASE, fetches.LONGEST_LEASE = LEASE, 2 * LEASE
    sys.exit(cli.main())
