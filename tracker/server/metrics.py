"""The answer to `GET /metrics`: the figures of a tracker in Prometheus' text format."""

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, generate_latest

from tracker import health
from tracker.server.watch import Findings

CONTENT_TYPE = CONTENT_TYPE_LATEST


class Counters:
    """What this process counts in memory."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.webhooks = Counter(
            "tracker_webhooks", "Webhooks by what became of them", ["outcome"], registry=self.registry
        )
        self.answers = Counter("tracker_http_answers", "Answers by status", ["status"], registry=self.registry)


def exposition(counters: Counters, findings: Findings) -> bytes:
    """All figures in Prometheus' text format. Those from the database are missing while it is away."""
    vitals, found = findings.vitals, findings.health
    now_known = CollectorRegistry()
    shown: dict[str, Gauge] = {}

    def show(name: str, text: str, value: float | None, **labels: str) -> None:
        gauge = shown.get(name) or Gauge(f"tracker_{name}", text, list(labels), registry=now_known)
        shown[name] = gauge
        (gauge.labels(**labels) if labels else gauge).set(float("nan") if value is None else value)

    show("info", "The version of this tracker", 1, version=health.VERSION)
    show("loop_age_seconds", "Seconds since the loop's last turn", vitals.loop_age)
    for one in findings.conditions:
        text = "1 for each thing that is wrong, by its code at /healthz"
        show("condition", text, 1, code=one.code, severity=one.severity.value)
    show("database_failed_writes", "Changes of the last minutes that were not stored", vitals.record.failed)
    for disk in vitals.disks:
        show("disk_free_bytes", "Room left for the data folder and the database", disk.free, folder=disk.where)
    if vitals.standing.seconds_ahead is not None:
        show("clock_offset_seconds", "By how much this clock is ahead of Zoom's", vitals.standing.seconds_ahead)
    if found is not None:
        now, queue = found.now, found.queue
        show("last_webhook_age_seconds", "Seconds since the last webhook of Zoom's", found.webhook_age)
        show("webhooks_silent", "1 where classes were held and no webhook came", found.alarms.silent_since is not None)
        show("processes_alive", "Trackers on this database", sum(one.is_alive(now) for one in found.trackers))
        show("fetches_open", "Fetches that are planned or due", queue.open)
        show("fetches_due", "Fetches that are due now", queue.due)
        show("fetches_late", "Fetches that are due and that nobody takes", queue.late)
        show("fetches_failing", "Fetches that failed and are tried again", queue.failing)
        show("fetches_stuck", "Fetches of held classes that failed again and again", queue.stuck)
        show("webhooks_unsigned", "1 where webhooks came with another signature", found.alarms.unsigned)
        show("fetches_failed", "Fetches that were given up", queue.given_up)
        show("mails_due", "E-mails that are due now", found.mails.due)
        show("mails_late", "E-mails that are due and that nobody sends", found.mails.late)
        show("mails_failing", "E-mails that failed again and again", found.mails.failing)
        show("mails_given_up", "E-mails of the last days that were given up", found.mails.given_up)
        for used in found.rates:
            left = (used.paused_until - now).total_seconds() if used.paused_until and used.is_paused(now) else 0
            show("zoom_calls_today", "Calls to Zoom this UTC day", used.calls, category=used.category)
            show("zoom_refusals_today", "Calls that Zoom answered with 429", used.refused, category=used.category)
            show("zoom_pause_seconds", "How long Zoom wants no calls", left, category=used.category)
    return generate_latest(counters.registry) + generate_latest(now_known)
