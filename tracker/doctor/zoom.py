"""What Zoom says of the app, the plan and the teachers, and what the last classes show of how it is set up there."""

from collections.abc import Collection, Iterator, Mapping
from datetime import timedelta
from urllib.parse import urlsplit

from tracker import auth, retry
from tracker.doctor.check import Check
from tracker.errors import (
    Problem,
    ZoomError,
    ZoomMeetingUnknown,
    ZoomMisconfigured,
    ZoomRateLimited,
    ZoomRefused,
    ZoomUnreachable,
)
from tracker.health.vitals import MOST_CLOCK_OFFSET_SECONDS
from tracker.services import Services
from tracker.settings import PLANS
from tracker.storage import zoom_setup
from tracker.storage.members import Member
from tracker.zoom.rate_limit import plan_of
from tracker.zoom.unreachable import cause_of

# The scopes that our calls need (Zoom's granular scopes of Server-to-Server OAuth apps), and what each is for.
SCOPES = {
    "meeting:read:list_past_participants:admin": Problem("for_fetching"),
    "meeting:write:meeting:admin": Problem("for_creating"),
    "meeting:read:meeting:admin": Problem("for_start_link"),
    "meeting:update:meeting:admin": Problem("for_moving"),
    "meeting:delete:meeting:admin": Problem("for_cancelling"),
    "meeting:read:list_past_instances:admin": Problem("for_lost_sessions"),
    "meeting:read:past_meeting:admin": Problem("for_lost_sessions"),
    "meeting:read:participant:admin": Problem("for_seeing_live"),
}
# Those that only registration needs.
SCOPES_OF_REGISTRATION = {
    "meeting:write:registrant:admin": Problem("for_registering"),
    "meeting:read:list_registrants:admin": Problem("for_registered"),
}
# One that nothing fails without, and what it is good for.
USEFUL_SCOPES = {"meeting:read:list_meetings:admin": Problem("for_making_once")}
# Only this looking into teachers' accounts needs it.
USERS_SCOPE = "user:read:user:admin"
# Each is a call to Zoom, and somebody waits for the page System.
MOST_TEACHERS = 20
# So many lists are looked at, and so many have to be there before anything is said; this share of them is most.
LISTS_LOOKED_AT, FEWEST_LISTS, MOST_LISTS = 20, 5, 0.8
# How far back webhooks are kept, and so many of her classes without any are no accident.
LOOKED_BACK, FEWEST_CLASSES = timedelta(days=30), 2
NO_MEETING = "0"


def unreachable(error: BaseException, url: str) -> tuple[Problem, ...]:
    """Why the server of this address cannot be reached, and what to do; nothing where that is not known."""
    cause = cause_of(error)
    return () if cause is None else (Problem(cause.value, {"host": urlsplit(url).hostname or url}),)


def connection(services: Services) -> Iterator[Check]:
    """Whether Zoom takes the app's credentials and answers as Zoom does, and which scopes it grants."""
    settings = services.settings
    host = urlsplit(settings.zoom_api_url).hostname or ""
    try:
        token = services.zoom.token()
    except ZoomUnreachable as error:
        yield Check("zoom", False, _asked(error, settings.zoom_oauth_url))
        return
    amiss = _amiss_at_api(services)
    yield Check("zoom", amiss is None, amiss or Problem("zoom_in_order", {"host": host}))
    yield from _of_scopes(SCOPES, token.scopes)


def optional_scopes(services: Services) -> Iterator[Check]:
    """Whether the app has the scopes of registration where that is asked for; and which others it lacks, and may lack.

    Nothing else that a school may switch on for its meetings (sign-in, substitutes, recording) needs a scope.
    """
    granted = services.zoom.token().scopes
    asked_for = services.settings.meeting_registration == "on" or services.read(zoom_setup.asks_for_registration)
    if asked_for:
        yield from _of_scopes(SCOPES_OF_REGISTRATION, granted)
    optional = USEFUL_SCOPES | ({} if asked_for else SCOPES_OF_REGISTRATION)
    lacking = tuple(
        Problem("scope_may_lack", {"scope": scope, "purpose": (purpose,)})
        for scope, purpose in optional.items()
        if not _is_granted(scope, granted)
    )
    told = Problem("scopes_may_lack", {"scopes": lacking}) if lacking else Problem("scopes_optional_granted")
    yield Check("optional_scopes", True, told)


def _of_scopes(scopes: Mapping[str, Problem], granted: Collection[str]) -> Iterator[Check]:
    """Whether each of these scopes is granted, with what needs it."""
    for scope, purpose in scopes.items():
        there = _is_granted(scope, granted)
        problem = Problem("scope_granted") if there else Problem("scope_missing", {"purpose": (purpose,)})
        yield Check(f"scope:{scope}", there, problem)


def _is_granted(scope: str, granted: Collection[str]) -> bool:
    return scope in granted or _classic(scope) in granted


def _asked(error: ZoomUnreachable, url: str) -> Problem:
    told = (error.problem, *unreachable(error, url))
    return Problem("zoom_asked", {"error": told, "host": urlsplit(url).hostname or ""})


def _amiss_at_api(services: Services) -> Problem | None:
    """What is wrong with Zoom's API, if it does not answer as Zoom does; it is asked for a meeting of nobody."""
    try:
        services.zoom.meeting(NO_MEETING)
    except ZoomUnreachable as error:
        return _asked(error, services.settings.zoom_api_url)
    except ZoomMisconfigured as error:
        return None if error.code == "zoom_scope_missing" else error.problem
    except ZoomRateLimited as error:
        return error.problem
    except ZoomError:
        return None
    return None


def _classic(scope: str) -> str:
    """The scope of apps from before 2024 that includes this one."""
    area, action = scope.split(":")[:2]
    return f"{area}:{'read' if action == 'read' else 'write'}:admin"


def plan(services: Services) -> Iterator[Check]:
    """Whether ZOOM_PLAN is the plan that Zoom's answers show: by their rates, and by what only paid plans may ask."""
    said = services.settings.zoom_plan
    try:
        services.zoom.past_meeting(NO_MEETING)
    except ZoomMeetingUnknown:
        pass
    except ZoomRefused as error:
        if error.code == "zoom_plan_without_reports":
            code = "plan_free" if said == "free" else "plan_not_free"
            yield Check("plan", said == "free", Problem(code, {"said": said}))
            return
    except (ZoomMisconfigured, ZoomUnreachable) as error:
        yield Check("plan", False, Problem("not_checked", {"why": (error.problem,)}))
        return
    found = plan_of(services.zoom.allowed_per_second())
    if found is None:
        yield Check("plan", True, Problem("plan_not_told", {"said": said}))
    elif PLANS.index(found) < PLANS.index(said):
        yield Check("plan", False, Problem("plan_smaller", {"said": said, "found": found}))
    else:
        code = "plan_as_said" if found == said else "plan_larger"
        yield Check("plan", True, Problem(code, {"said": said, "found": found}))


def teachers(services: Services) -> Iterator[Check]:
    """Whether Zoom has a user for each teacher that may hold classes."""
    everybody = [one for one in services.read(auth.list_members) if one.role == "teacher" and one.disabled_at is None]
    asked = everybody[:MOST_TEACHERS]
    faults: list[Problem] = []
    try:
        for one in asked:
            faults += _amiss_of(one, services)
    except ZoomMisconfigured as error:
        why = Problem("teachers_scope", {"scope": USERS_SCOPE}) if error.code == "zoom_scope_missing" else error.problem
        yield Check("teachers", False, Problem("not_checked", {"why": (why,)}))
        return
    except ZoomError as error:
        yield Check("teachers", False, Problem("not_checked", {"why": (error.problem,)}))
        return
    code = "teachers_amiss" if faults else "teachers_in_order" if everybody else "teachers_none"
    numbers = {"asked": len(asked), "all": len(everybody)}
    yield Check("teachers", not faults, Problem(code, numbers | ({"faults": tuple(faults)} if faults else {})))


def _amiss_of(teacher: Member, services: Services) -> Iterator[Problem]:
    try:
        user = services.zoom.user(teacher.zoom_user)
    except ZoomRefused as error:
        if error.code != "zoom_no_such_user":
            raise
        code = "teacher_unknown"
    else:
        if user.status != "active":
            code = "teacher_pending" if user.status == "pending" else "teacher_inactive"
        elif not user.licensed and services.settings.zoom_plan != "free":
            code = "teacher_basic"
        else:
            return
    yield Problem(code, {"teacher": teacher.email, "user": teacher.zoom_user})


def lists(services: Services) -> Iterator[Check]:
    """Whether Zoom's lists of the last classes have people in them, and names."""
    found = services.read(zoom_setup.last_lists, no_list=retry.NO_LIST, limit=LISTS_LOOKED_AT)
    if found.classes < FEWEST_LISTS:
        yield Check("lists", True, Problem("lists_few", {"classes": found.classes}))
        return
    most = MOST_LISTS * found.classes
    faults = [
        Problem(code, {"count": count, "classes": found.classes})
        for code, count in (
            ("lists_none", found.none),
            ("lists_alone", found.alone),
            ("lists_nameless", found.nameless),
        )
        if count >= most
    ]
    told = faults[0] if faults else Problem("lists_in_order", {"classes": found.classes})
    yield Check("lists", not faults, told)


def events(services: Services) -> Iterator[Check]:
    """Whether webhooks tell of the classes of all teachers, or of those of one alone."""
    found = services.read(zoom_setup.announced_by_teacher, services.now() - LOOKED_BACK)
    heard = [one.teacher for one in found if one.announced]
    missing = [one.teacher for one in found if not one.announced and one.held >= FEWEST_CLASSES]
    if heard and missing:
        told = Problem("events_of_some", {"heard": ", ".join(heard), "missing": ", ".join(missing)})
    elif len(heard) > 1:
        told = Problem("events_of_all", {"teachers": len(heard)})
    else:
        told = Problem("events_not_known")
    yield Check("events", not (heard and missing), told)


def clock(services: Services) -> Iterator[Check]:
    """Whether this machine's time is Zoom's."""
    offset = services.zoom.clock_offset()
    if offset is None:
        yield Check("clock", True, Problem("clock_unknown"))
        return
    near = abs(offset) <= MOST_CLOCK_OFFSET_SECONDS
    advice = () if near else (Problem("clock_advice"),)
    code = "clock_ahead" if offset > 0 else "clock_behind"
    yield Check("clock", near, Problem(code, {"seconds": round(abs(offset)), "advice": advice}))
