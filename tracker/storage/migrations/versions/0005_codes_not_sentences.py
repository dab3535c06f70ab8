"""What is stored of failed fetches and of webhooks becomes a code with details; it was a sentence."""

import json
import re
from collections.abc import Callable, Iterable
from datetime import datetime

import sqlalchemy as sa
from alembic import op

from tracker.storage.models import UtcSeconds

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# The sentences as they were stored, each with its code; what stands in braces becomes a detail. The first one that fits
# is taken.
OF_FETCHES = (
    ("zoom_no_answer", "Zoom did not answer in time."),
    ("zoom_unreachable", "Zoom could not be reached, or its answer broke off."),
    ("zoom_answer_too_large", "Zoom's answer came too slowly or was too large."),
    ("zoom_answer_not_json", "Zoom's answer cannot be used: an answer that is not JSON."),
    ("zoom_answer_misshapen", "Zoom's answer cannot be used: an answer of another shape."),
    ("zoom_answer_without_list", "Zoom's answer cannot be used: an answer without its list of {field}."),
    ("zoom_answer_without_field", "Zoom's answer cannot be used: an answer without {field}."),
    ("zoom_answer_without_start", "Zoom's answer cannot be used: a past meeting without a start."),
    ("zoom_page_token_repeated", "Zoom's answer cannot be used: a page token that repeats."),
    ("zoom_pages_endless", "Zoom's answer cannot be used: pages without end."),
    ("zoom_page_token_expired", "Zoom's page token ran out before the list was read to its end."),
    (
        "zoom_credentials_refused",
        "Zoom does not accept the app's credentials; check account id, client id and client secret, and that the app "
        "is activated.",
    ),
    (
        "zoom_credentials_refused_with_reason",
        "Zoom does not accept the app's credentials; check account id, client id and client secret, and that the app "
        "is activated. Zoom says: {reason}.",
    ),
    ("zoom_token_refused", "Zoom refuses the app's access token; check that the app is activated."),
    ("zoom_scope_missing", "The Zoom app lacks the scope {scope}."),
    ("zoom_not_allowed", "Zoom does not allow this for the app: {message}"),
    ("zoom_plan_without_reports", "This Zoom plan has no participant reports; they need Zoom Pro or higher."),
    ("zoom_list_too_old", "Zoom keeps participant lists for one year, and this class is older."),
    ("zoom_no_such_user", "This teacher has no user in the school's Zoom account."),
    ("zoom_meeting_not_over", "Zoom knows no such meeting, or it is not over yet."),
    ("zoom_meeting_gone", "Zoom has no such meeting, or no longer."),
    ("zoom_nothing_there", "Zoom does not have what was asked for (HTTP 404)."),
    ("zoom_too_many_requests", "Zoom has had too many requests from this account and asks to wait."),
    ("zoom_rate_used_up", "Zoom takes no more requests from this account at the moment."),
    ("zoom_unavailable", "Zoom has a fault of its own (HTTP {status})."),
    ("zoom_request_blocked", "Not Zoom but something on the way there refuses the request (HTTP {status})."),
    ("zoom_request_refused_without_reason", "Zoom refuses the request (HTTP {status}): no reason given"),
    ("zoom_request_refused", "Zoom refuses the request (HTTP {status}): {message}"),
    ("no_zoom_meeting_id", "This class has no Zoom meeting."),
    ("class_cancelled", "This class was cancelled."),
    ("class_not_ended", "This class has not ended."),
    ("no_session_ended", "Zoom knows of no session of this class that has ended."),
    (
        "no_session_ended",
        "Zoom has not announced the end of this class, and knows of no session of it that ended.",
    ),
    ("sessions_elsewhere", "Zoom has sessions of this meeting, and none at the time of this class."),
    ("no_list_yet", "Zoom has no participant list for this class yet."),
    ("unexpected_fault", "Something went wrong here; the operator's log has the details."),
    ("earlier_error", "{text}"),
)
OF_WEBHOOKS = (
    ("noted", "noted"),
    ("repeat", "repeat"),
    ("not_ours", "not ours"),
    ("nothing_to_note", "nothing to note"),
    ("url_validation", "url validation"),
    ("failed", "failed"),
    ("refused:wrong_signature", "refused: The signature does not match."),
    ("refused:timestamp_missing", "refused: The timestamp of the delivery is missing."),
    ("refused:not_fresh", "refused: The delivery is older or newer than five minutes."),
    ("refused:not_json", "refused: The body is not JSON."),
    ("refused:not_an_event", "refused: The body is not a Zoom event."),
    ("refused:missing_field", "refused: The event lacks its {field}."),
    ("refused:webhook_secret_not_set", "refused: ZOOM_WEBHOOK_SECRET is not set, so {rest}."),
    ("refused:earlier_error", "refused: {text}"),
    ("earlier_error", "{text}"),
)

fetches = sa.table("Fetch", sa.column("streamId"), sa.column("error"), sa.column("errorDetails"))
tallies = sa.table(
    "WebhookTally",
    sa.column("day", sa.String()),
    sa.column("outcome", sa.String()),
    sa.column("count", sa.Integer()),
    sa.column("lastAt", UtcSeconds()),
)


def upgrade() -> None:
    op.add_column("Fetch", sa.Column("errorDetails", sa.Text(), nullable=True))
    connection = op.get_bind()
    failed = sa.select(fetches.c.error).where(fetches.c.error.is_not(None)).distinct()
    for text in connection.scalars(failed).all():
        code, details = coded(text, OF_FETCHES)
        stored = json.dumps(details) if details else None
        connection.execute(sa.update(fetches).where(fetches.c.error == text).values(error=code, errorDetails=stored))
    translate_tallies(lambda outcome: coded(outcome, OF_WEBHOOKS)[0])


def downgrade() -> None:
    connection = op.get_bind()
    sentences = dict(reversed(OF_FETCHES))
    failed = sa.select(fetches.c.error, fetches.c.errorDetails).where(fetches.c.error.in_(sentences)).distinct()
    for code, details in connection.execute(failed).all():
        same = sa.and_(fetches.c.error == code, fetches.c.errorDetails.is_not_distinct_from(details))
        text = sentences[code].format_map(json.loads(details or "{}"))
        connection.execute(sa.update(fetches).where(same).values(error=text))
    op.drop_column("Fetch", "errorDetails")
    # Which field it was is not known any more.
    outcomes = {
        code: text.format(field="payload", rest="webhooks cannot be checked") for code, text in OF_WEBHOOKS[:-2]
    }
    translate_tallies(lambda outcome: outcomes.get(outcome, outcome))


def coded(text: str, known: Iterable[tuple[str, str]]) -> tuple[str, dict[str, str | int]]:
    """The code of a stored text, and its details."""
    for code, sentence in known:
        pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>.*)", re.escape(sentence)).replace("<status>.*", r"<status>\d+")
        if found := re.fullmatch(pattern, text, re.DOTALL):
            details = found.groupdict().items()
            return code, {name: int(value) if name == "status" else value for name, value in details}
    raise AssertionError("the last pattern fits every text")


def translate_tallies(translated: Callable[[str], str]) -> None:
    """Webhooks of one day that come to the same outcome now are added together."""
    connection = op.get_bind()
    added: dict[tuple[str, str], tuple[int, datetime]] = {}
    for day, outcome, count, last_at in connection.execute(sa.select(tallies)).all():
        key = (day, translated(outcome))
        known, latest = added.get(key, (0, last_at))
        added[key] = known + count, max(latest, last_at)
    connection.execute(sa.delete(tallies))
    if added:
        rows = [{"day": d, "outcome": o, "count": n, "lastAt": at} for (d, o), (n, at) in added.items()]
        op.bulk_insert(tallies, rows)
