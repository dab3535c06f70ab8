"""The pages behind join links and start links. Plain HTML: forms and redirects, no script.

Who somebody is stands in the page's address (`seat`), not in a cookie, so that one browser can be several
people in several tabs.
"""

import hmac
from html import escape
from urllib.parse import urlencode

from tracker.practice.registrants import join_url, register, registrant_key
from tracker.practice.state import NOT_STARTED, PracticeState, new_seat
from tracker.practice.values import Conflict, Meeting, Session, Stay, name_of
from tracker.practice.wire import Answer, Refusal, Request, Route

WAIT_SECONDS = 3
LONGEST_NAME = 64

STYLE = """
:root { color-scheme: light dark; --ink: #1c2333; --paper: #f3f5f9; --card: #fff; --line: #d5dae4;
  --blue: #1a5fd0; --red: #b3261e; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8ebf2; --paper: #12151c; --card: #1c212c; --line: #39414f; --blue: #3574d6; --red: #c2453d; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1.05rem/1.5 system-ui, sans-serif; }
header { background: #7a4b00; color: #fff; padding: .5rem 1rem; text-align: center; font-size: .95rem; }
main { max-width: 30rem; margin: 6vh auto; padding: 1.5rem; background: var(--card);
  border: 1px solid var(--line); border-radius: .8rem; overflow-wrap: anywhere; }
h1 { margin: 0 0 1rem; font-size: 1.4rem; }
label { display: block; margin-bottom: 1rem; }
input { display: block; width: 100%; margin-top: .25rem; padding: .6rem; font: inherit; color: inherit;
  background: var(--paper); border: 1px solid var(--line); border-radius: .4rem; }
button { padding: .6rem 1.2rem; font: inherit; color: #fff; background: var(--blue); border: 0;
  border-radius: .4rem; cursor: pointer; }
button.end { background: var(--red); }
@media (max-width: 34rem) { main { margin: 1rem; } button { width: 100%; } }
"""


def page(title: str, body: str, *, status: int = 200, refresh: int | None = None) -> Answer:
    """A whole page. `title` is plain text, `body` is HTML; `refresh` reloads it after so many seconds."""
    again = "" if refresh is None else f'<meta http-equiv="refresh" content="{refresh}">'
    text = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"{again}<title>{escape(title)} · Practice Zoom – not the real Zoom</title>"
        f"<style>{STYLE}</style></head><body><header>Practice Zoom – not the real Zoom</header>"
        f"<main><h1>{escape(title)}</h1>{body}</main></body></html>"
    )
    headers = {
        "Content-Type": "text/html; charset=utf-8",
        "Cache-Control": "no-store",
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'",
        # A page's address holds the key of a seat or of the host.
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
    }
    return Answer(status, text.encode(), headers)


def welcome(state: PracticeState, request: Request) -> Answer:
    """GET /."""
    return page("Practice Zoom", "<p>Open the join link or the start link of a meeting.</p>")


def join_page(state: PracticeState, request: Request, number: str) -> Answer:
    """GET /j/{id}: asks for a name; for a meeting with registration it is the page to register on."""
    meeting = _admit(state, number, request.query.get("pwd", ""))
    passcode = escape(request.query.get("pwd", ""))
    label, title, more = ("E-mail (optional)", "Join", "") if meeting.is_open else ("E-mail", "Register", "required ")
    form = (
        f'<form method="post"><input type="hidden" name="pwd" value="{passcode}">'
        f'<label>Your name<input name="name" required maxlength="{LONGEST_NAME}" autofocus></label>'
        f'<label>{label}<input name="email" type="email" {more}maxlength="254"></label>'
        f"<button>{title}</button></form>"
    )
    return page(f"{title}: {meeting.topic}", form)


def join(state: PracticeState, request: Request, number: str) -> Answer:
    """POST /j/{id}: gives the tab a seat and sends it there."""
    form = request.form()
    meeting = _admit(state, number, form.get("pwd", ""))
    name, email = form.get("name", "").strip()[:LONGEST_NAME], form.get("email", "").strip()
    if not name:
        raise Refusal(page("A name is needed", "<p>Go back and say who you are.</p>", status=400))
    if not meeting.is_open:
        _changed, one = register(state, meeting, {"email": email, "first_name": name})
        return _redirect(join_url(state, meeting, one))
    kept = {"pwd": form.get("pwd", ""), "seat": new_seat(), "name": name, "email": email}
    return _redirect(f"/in/{number}?{urlencode(kept)}")


def seat_page(state: PracticeState, request: Request, number: str) -> Answer:
    """GET /in/{id}: the meeting as one tab sees it. The first visit to a running meeting joins it."""
    query = request.query
    meeting = _admit(state, number, query.get("pwd", ""))
    seat, name = query.get("seat", ""), query.get("name", "")
    if not seat or not name:
        raise Refusal(page("Who are you?", "<p>Open the join link again.</p>", status=400))
    found = state.find_seat(meeting, seat)
    if found is None:
        try:
            state.join(meeting.number, name, query.get("email", ""), seat=seat)
        except Conflict as error:
            if str(error) != NOT_STARTED:
                raise Refusal(page(meeting.topic, f"<p>{escape(str(error))}</p>", status=403)) from error
            text = f"<p>{NOT_STARTED}</p><p>This page looks again every {WAIT_SECONDS} seconds.</p>"
            return page(meeting.topic, text, refresh=WAIT_SECONDS)
        found = state.find_seat(state.meetings[meeting.number], seat)
    return _seat(state, meeting, found)


def _seat(state: PracticeState, meeting: Meeting, found: tuple[Session, Stay] | None) -> Answer:
    if found is None or found[1].leave is not None:
        over = found is not None and found[0].end is not None
        title = "This meeting has ended" if over else "You have left the meeting"
        again = f'<p><a href="{escape(state.join_url(meeting))}">Join again</a></p>'
        return page(title, again)
    session, stay = found
    body = (
        f"<p>Your name here: {escape(stay.name)}</p><p>Participants: {len(session.present)}</p>"
        f'<form method="post"><input type="hidden" name="seat" value="{escape(stay.seat)}">'
        '<button class="end">Leave</button></form>'
    )
    return page(f"You are in: {meeting.topic}", body, refresh=WAIT_SECONDS)


def leave(state: PracticeState, request: Request, number: str) -> Answer:
    """POST /in/{id}: the tab leaves. Somebody who is out already stays out."""
    meeting = _known(state, number)
    found = state.find_seat(meeting, request.form().get("seat", ""))
    if found is None:
        raise Refusal(page("You are not in this meeting", "", status=403))
    session, stay = found
    if session.end is None and stay.leave is None:
        state.leave(meeting.number, stay.user_id)
    return _redirect(f"/in/{number}?{urlencode(dict(request.query))}")


def webinar_page(state: PracticeState, request: Request, number: str) -> Answer:
    """GET /w/{id}: the own link of a registrant. Webinars are there for their links alone."""
    meeting, key = state.open_meeting(int(number)), request.query.get("tk", "")
    for one in meeting.registrants if meeting is not None else ():
        if meeting is not None and hmac.compare_digest(key.encode(), registrant_key(state, meeting, one).encode()):
            kept = {"pwd": state.link_passcode(meeting), "seat": new_seat(), "name": one.name, "email": one.email}
            return _redirect(f"/in/{number}?{urlencode(kept)}")
    if meeting is None or not meeting.is_webinar:
        raise Refusal(page("There is no such webinar", "<p>The link may be old.</p>", status=404))
    return page(meeting.topic, "<p>This is a webinar. The practice Zoom holds meetings only.</p>")


def host_page(state: PracticeState, request: Request, number: str) -> Answer:
    """GET /s/{id}: the host's side."""
    key = request.query.get("zak", "")
    meeting = _hosted(state, number, key)
    hidden = f'<input type="hidden" name="zak" value="{escape(key)}">'
    session = meeting.running
    if session is None:
        form = f'<form method="post" action="/s/{number}/start">{hidden}<button>Start meeting</button></form>'
        return page(meeting.topic, f"<p>You are the host, {escape(name_of(meeting.host))}.</p>{form}")
    people = "".join(f"<li>{escape(stay.name)}</li>" for stay in session.present)
    form = (
        f'<form method="post" action="/s/{number}/end">{hidden}<button class="end">End meeting for all</button></form>'
    )
    body = f"<p>Participants: {len(session.present)}</p><ul>{people}</ul>{form}"
    return page(f"You are hosting: {meeting.topic}", body, refresh=WAIT_SECONDS)


def host_start(state: PracticeState, request: Request, number: str) -> Answer:
    """POST /s/{id}/start."""
    key = request.form().get("zak", "")
    state.start(_hosted(state, number, key).number)
    return _redirect(f"/s/{number}?{urlencode({'zak': key})}")


def host_end(state: PracticeState, request: Request, number: str) -> Answer:
    """POST /s/{id}/end. A second click changes nothing."""
    key = request.form().get("zak", "")
    if _hosted(state, number, key).running:
        state.end(int(number))
    return _redirect(f"/s/{number}?{urlencode({'zak': key})}")


def _redirect(target: str) -> Answer:
    return Answer(303, headers={"Location": target})


def _known(state: PracticeState, number: str) -> Meeting:
    meeting = state.open_meeting(int(number))
    if meeting is None or meeting.is_webinar:
        raise Refusal(page("There is no such meeting", "<p>The link may be old.</p>", status=404))
    return meeting


def _admit(state: PracticeState, number: str, passcode: str) -> Meeting:
    meeting = _known(state, number)
    if not hmac.compare_digest(passcode.encode(), state.link_passcode(meeting).encode()) and meeting.password:
        raise Refusal(page("Wrong passcode", "<p>Use the whole join link.</p>", status=403))
    return meeting


def _hosted(state: PracticeState, number: str, key: str) -> Meeting:
    meeting = _known(state, number)
    if not hmac.compare_digest(key.encode(), state.host_key(meeting).encode()):
        raise Refusal(page("This is not the host's link", "<p>Use the whole start link.</p>", status=403))
    return meeting


ROUTES: tuple[Route, ...] = (
    ("GET", r"/", welcome),
    ("GET", r"/j/([0-9]{1,11})", join_page),
    ("POST", r"/j/([0-9]{1,11})", join),
    ("GET", r"/in/([0-9]{1,11})", seat_page),
    ("POST", r"/in/([0-9]{1,11})", leave),
    ("GET", r"/w/([0-9]{1,11})", webinar_page),
    ("GET", r"/s/([0-9]{1,11})", host_page),
    ("POST", r"/s/([0-9]{1,11})/start", host_start),
    ("POST", r"/s/([0-9]{1,11})/end", host_end),
)
