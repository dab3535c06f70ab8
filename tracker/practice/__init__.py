"""A practice Zoom: a stand-in to try everything with no Zoom account. It speaks only HTTP to the rest.

values.py    what it remembers, as frozen values, and its settings
events.py    those values as webhook events
webhooks.py  the background sender: signatures, retries, deliveries lost or doubled on request
faults.py    what goes wrong with calls on request: single faults, and bad luck by chance
limits.py    Zoom's rate limits, and a count of the calls
state.py     the one mutable thing: meetings, what may happen to them, and their file
school.py    the past classes of a made-up term
wire.py      requests, answers and signed tokens as plain values
api.py       Zoom's own calls: /oauth/token and /v2/…
control.py   the calls under /practice/… that tests and the demo steer it with
pages.py     the pages behind join links and start links
server.py    the http.server shell, and `PracticeZoom`, which wires all this together
"""

from tracker.practice.server import PracticeZoom
from tracker.practice.values import PracticeSettings

__all__ = ["PracticeSettings", "PracticeZoom"]
