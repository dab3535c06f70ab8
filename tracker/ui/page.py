"""What all pages share: the gate, errors shown as sentences, what is said in a bad moment, redrawing."""

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from html import escape
from typing import Any, Literal, TypeAlias, TypeVar
from urllib.parse import quote, urlencode, urlsplit

import streamlit as st

from tracker import class_attendance
from tracker.attendance.types import ClassStatus
from tracker.errors import NotAllowed, NotFound, NotSignedIn, TrackerError
from tracker.messages import languages, sentence, sentence_of
from tracker.messages.languages import gettext as _
from tracker.messages.languages import marked
from tracker.storage.classes import Class
from tracker.storage.database import AWAY
from tracker.storage.members import Member
from tracker.ui import language, menu, words
from tracker.ui.sign_in import COOKIE, member_of
from tracker.ui.wiring import services

log = logging.getLogger(__name__)

TODAY, CLASSES, NEW_CLASS, CLASS = menu.TODAY, menu.CLASSES, menu.NEW_CLASS, "pages/class.py"
COURSES, COURSE, STUDENT = menu.COURSES, "pages/course.py", "pages/student.py"
SYSTEM, PEOPLE, MY_ACCOUNT = menu.SYSTEM, menu.PEOPLE, menu.MY_ACCOUNT
ACTIVITY, KEPT, PEOPLES_DATA = menu.ACTIVITY, menu.KEPT, menu.PEOPLES_DATA
PAGES = (*menu.LINKS, CLASS, COURSE, STUDENT)
# What is said where the whole page is not for whoever has opened it: the heading, by the code of the error.
NOT_FOR_THE_READER = {
    "no_such_class": marked("Class not found"),
    "class_of_somebody_else": marked("Not your class"),
    "course_not_there": marked("Course not found"),
    "student_gone": marked("Student not found"),
    "course_of_somebody_else": marked("Not your course"),
    "admins_only": marked("For admins"),
}
# Those after which the list of courses is the way on, and not that of classes.
OF_COURSES = frozenset(("course_not_there", "student_gone", "course_of_somebody_else"))
# The key in Streamlit's session state of the list of classes as it was left: search, filters and page.
CLASSES_AS_SEEN = "classes-as-seen"
# The key there of the person for whom the page was drawn.
DRAWN_FOR = "drawn-for"
# The keys there of the dialog that is open, by its name and the address of its page; and how many were opened so far.
OPEN, OPENINGS = "open-dialog", "dialogs-opened"
# How often an open page asks the database whether it has to be redrawn.
SECONDS_BETWEEN_CHECKS = 1
# How often what depends on the time alone is drawn anew while a class runs: minutes present, the curve.
SECONDS_BETWEEN_MOVES = 10
# How often every open page asks whether its person is still signed in.
SECONDS_BETWEEN_SIGN_INS = 5

T = TypeVar("T")
Dialog: TypeAlias = Callable[..., None]


def gate(title: str, when_away: Callable[[], None] | None = None) -> Member:
    """The first call of every page: returns the person who is signed in, or ends the run of the page.

    An open tab keeps its connection after its person signed out elsewhere, so every run checks again. `when_away` draws
    more where the database is away, for an admin whom this tab was drawn for before.
    """
    languages.speak(language.of_tab(None))
    with shown_errors(when_away=when_away):
        member = member_of(sign_in_cookies(), browser_address())
    languages.speak(language.of_tab(member))
    st.set_page_config(page_icon="📋", layout="wide")
    title_of_tab(_(title))
    if member is not None:
        st.session_state[DRAWN_FOR] = member
        if not dialog_open():
            close_dialog()  # that of a page which was left
        menu.show(member, title)
        fragment(still_signed_in, every=SECONDS_BETWEEN_SIGN_INS)
        return member
    again = "/login" if here() == "/" else f"/login?next={quote(here())}"
    said = _("Sign in, and you come back to this page.")
    notice(_("You are signed out"), said, (_("Sign in"), again))
    return st.stop()


def still_signed_in() -> None:
    """Draws nothing: that the part is drawn again and again has its person asked for, and the page drawn anew."""


def title_of_tab(text: str) -> None:
    """What the browser's tab says: this text, which may be somebody's, and the name of the product."""
    st.set_page_config(page_title=f"{words.plain(text, 80)} · {_('Class attendance')}")


def here() -> str:
    """The address of the page that is open, with its query, as it stands on this server."""
    # Streamlit takes the end of `new_class` for the page `class`, and says `/new_/new_class`.
    path = "/" + urlsplit(st.context.url or "/").path.rpartition("/")[2]
    query = [(name, value) for name in st.query_params for value in st.query_params.get_all(name)]
    return path + (f"?{urlencode(query)}" if query else "")


def notice(heading: str, sentence: str, *ways: tuple[str, str], look: str = "") -> None:
    """Draws what stands in place of a page: a heading, a sentence, and ways on, each a label and an address."""
    links = "".join(f'<a href="{escape(address)}" target="_self">{escape(label)}</a>' for label, address in ways)
    st.html(
        f'<div class="notice {look}"><h1>{escape(heading)}</h1><p>{escape(words.plain(sentence, 400))}</p>'
        f'<p class="ways">{links}</p></div>'
    )


def went_wrong(_error: Exception) -> bool:
    """Draws what a person sees where a page has failed, and says to Streamlit that nothing more is to be shown.

    What has failed is in the log.
    """
    said = _("It has been noted in the log. Nothing that was saved is lost.")
    notice(_("Something went wrong"), said, (_("Try again"), here()), (_("Today"), "/"), look="instead")
    return True


def acting() -> Member:
    """Who acts in this tab, asked at this moment: an open tab must do nothing more once its sign-in has ended.

    Ends the run where it has, or where she is not what she was when the page was drawn, an admin for one. The page is
    drawn anew then, and its gate says so.
    """
    drawn_for = st.session_state.get(DRAWN_FOR)
    languages.speak(language.of_tab(drawn_for))  # a part of the page is drawn in a thread of its own
    with shown_errors():
        member = member_of(sign_in_cookies(), browser_address())
    if member is None or member != drawn_for:
        st.rerun()
    return member


def acting_later() -> Callable[[], Member]:
    """How to ask who acts once the page is drawn, as when a file is made; then it raises NotSignedIn for nobody."""
    cookies, address = sign_in_cookies(), browser_address()

    def asked() -> Member:
        member = member_of(cookies, address)
        if member is None:
            raise NotSignedIn("sign_in_needed")
        return member

    return asked


def fragment(part: Callable[[], None], *, every: float) -> None:
    """Draws a part of the page, and again every so many seconds by itself, for as long as somebody is signed in.

    No page and no panel uses Streamlit's own: that goes on drawing, and acting, in a tab that is signed out.
    """

    @st.fragment(run_every=every)
    def drawn() -> None:
        acting()
        part()

    drawn()


def dialog(title: str, width: Literal["small", "medium", "large"] = "small") -> Callable[[Dialog], Dialog]:
    """Makes a function draw itself as a dialog, for as long as somebody is signed in; as with `fragment`.

    The page draws it whenever the dialog is the one that `open_dialog` opened, so that it stays open, with what is
    typed into it, while the page is drawn anew because something has happened elsewhere.
    """

    def made(part: Dialog) -> Dialog:
        def opened(*arguments: Any) -> None:
            # Until all of a dialog has come, Streamlit shows what the last one of the same title had in it, fields that
            # were abandoned too. Spaces at the end of a title are not shown, and make it another one.
            @st.dialog(_(title) + " " * (openings() % 2), width=width, on_dismiss=close_dialog)
            def drawn() -> None:
                acting()
                part(*arguments)

            drawn()

        return opened

    return made


def open_dialog(name: str) -> None:
    """Has the page that is open draw its dialog of this name from now on, until `close_dialog`."""
    st.session_state[OPEN] = (name, here())
    st.session_state[OPENINGS] = openings() + 1


def close_dialog() -> None:
    """Has no dialog drawn any more; what is drawn already goes with the next run of the page."""
    st.session_state.pop(OPEN, None)


def dialog_open() -> str:
    """The name of the dialog that is open on this page; empty where there is none."""
    name, address = st.session_state.get(OPEN, ("", ""))
    return str(name) if address == here() else ""


def openings() -> int:
    """How many dialogs were opened in this tab: each has fields of its own, in which nothing abandoned is left."""
    return int(st.session_state.get(OPENINGS, 0))


def sign_in_cookies() -> dict[str, str]:
    """The cookie of the sign-in as the browser sent it when it connected."""
    token = st.context.cookies.get(COOKIE)
    return {COOKIE: token} if token else {}


def browser_address() -> str:
    """From where the browser has connected; Streamlit names every other address but this machine's own."""
    return st.context.ip_address or "127.0.0.1"


@contextmanager
def kept_apart() -> Iterator[None]:
    """Draws a part of the page: where it fails, as with a row that makes no sense, the others are drawn."""
    try:
        yield
    except Exception:
        log.exception("a part of a page could not be drawn")
        st.warning(_("This part of the page cannot be shown. It has been noted in the log."), icon=":material/error:")


@contextmanager
def shown_errors(*passed_on: type[TrackerError], when_away: Callable[[], None] | None = None) -> Iterator[None]:
    """Shows an error inside the block as a sentence, and ends the run of the page; `passed_on` is raised again.

    `when_away` is called where the database is away, if this tab was drawn for an admin before.
    """
    try:
        yield
    except passed_on:
        raise
    except TrackerError as error:
        if heading := NOT_FOR_THE_READER.get(error.code):
            list_of = (_("Courses"), "/courses") if error.code in OF_COURSES else (_("Classes"), "/classes")
            notice(_(heading), sentence_of(error), list_of, (_("Today"), "/"))
        else:
            st.error(words.markdown(sentence_of(error), 400), icon=":material/error:")
        st.stop()
    except (*AWAY, TimeoutError):
        st.error(sentence("database_away_for_person"), icon=":material/cloud_off:")
        drawn_for: Member | None = st.session_state.get(DRAWN_FOR)
        if when_away is not None and drawn_for is not None and drawn_for.is_admin:
            when_away()
        st.stop()


def seen_so_far(found: Class) -> int:
    """The number of joins and leaves seen in a class that runs: cheap to read, and different after each of them."""
    return read(class_attendance.count_sightings, found) if found.status is ClassStatus.LIVE else 0


def versions(found: Iterable[Class], now: datetime) -> list[object]:
    """What a page shows of these classes: a value that differs when something visible has changed."""
    return [(one, words.state(one, now), seen_so_far(one)) for one in found]


def redraw_on_change(drawn: object, version: Callable[[], object]) -> None:
    """Redraws the page when `version` gives another value than `drawn`; asked every second.

    `drawn` has to be read before the page is drawn, or a change during the drawing would never show. Only this small
    question is repeated, so an open page costs next to nothing.
    """

    def check() -> None:
        try:
            changed = version() != drawn
        except (NotAllowed, NotFound):
            changed = True  # what the page shows is not this person's to see any more
        except (TrackerError, *AWAY, TimeoutError):
            return  # the page stays as it is; the next check comes soon
        if changed:
            st.rerun()

    fragment(check, every=SECONDS_BETWEEN_CHECKS)


def draw(part: Callable[[], None], *, moves: bool) -> None:
    """Draws a part of the page; where it `moves` with the time alone, again and again.

    Only this part is: the rest of the page, and what somebody has open there, is left as it is.
    """
    if moves:
        fragment(part, every=SECONDS_BETWEEN_MOVES)
    else:
        part()


def read(question: Callable[..., T], *arguments: Any, **options: Any) -> T:
    """What a function of the use cases reads, in a transaction of its own."""
    return services().read(question, *arguments, **options)
