"""Whether all is well: trackers that run, the queue of fetches, webhooks that come, and whatever is wrong.

`conditions` is the one list of what may be wrong. `state` reads what the database says of all trackers together,
`vitals` says what is wrong with one tracker by what it knows of itself, and `known` puts both together for whoever is
no tracker.
"""

from tracker.health.asking import Listener as Listener
from tracker.health.asking import Program as Program
from tracker.health.asking import TrackerAnswer as TrackerAnswer
from tracker.health.asking import ask_tracker as ask_tracker
from tracker.health.asking import text_of_tracker as text_of_tracker
from tracker.health.asking import who_listens as who_listens
from tracker.health.conditions import Condition as Condition
from tracker.health.conditions import Severity as Severity
from tracker.health.conditions import fields_of as fields_of
from tracker.health.known import NOT_RUNNING as NOT_RUNNING
from tracker.health.known import is_heard_of as is_heard_of
from tracker.health.known import known as known
from tracker.health.known import name_of_tracker as name_of_tracker
from tracker.health.known import of_trackers as of_trackers
from tracker.health.reader import Reader as Reader
from tracker.health.state import DELIVERIES_KEPT as DELIVERIES_KEPT
from tracker.health.state import MAIL_FAILS_AFTER as MAIL_FAILS_AFTER
from tracker.health.state import VALIDATION as VALIDATION
from tracker.health.state import VERSION as VERSION
from tracker.health.state import Alarms as Alarms
from tracker.health.state import Health as Health
from tracker.health.state import alarms as alarms
from tracker.health.state import failing_classes as failing_classes
from tracker.health.state import forget_old as forget_old
from tracker.health.state import installation_of as installation_of
from tracker.health.state import mails as mails
from tracker.health.state import note_alive as note_alive
from tracker.health.state import note_gone as note_gone
from tracker.health.state import queue as queue
from tracker.health.state import read_health as read_health
from tracker.health.state import recent_webhooks as recent_webhooks
from tracker.health.vitals import LOOP_SLOW_SECONDS as LOOP_SLOW_SECONDS
from tracker.health.vitals import LOOP_STALE_SECONDS as LOOP_STALE_SECONDS
from tracker.health.vitals import SILENT_SECONDS as SILENT_SECONDS
from tracker.health.vitals import Vitals as Vitals
from tracker.health.vitals import disk_of as disk_of
from tracker.health.vitals import of_process as of_process
from tracker.health.webhook_counter import WebhookCounter as WebhookCounter
