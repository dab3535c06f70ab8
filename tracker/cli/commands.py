"""The commands: their options, the use case that each calls, and what it prints.

`people` has those on who was in a class, `rosters`, `register` and `reports` those on courses, `series` the one that
plans a class every week, `person` those on one person's data, `users` those on accounts, `activity` the one on who did
what, `support` the one that makes a bundle for whoever helps.
"""

import argparse
import io
import json
import logging
import os
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from tracker import (
    audit,
    auth,
    class_attendance,
    classes,
    clock,
    demo,
    doctor,
    fetching,
    health,
    logs,
    paths,
    privacy,
    report,
    sample_data,
)
from tracker.attendance.stored_form import participants_data
from tracker.audit import Action
from tracker.classes import Plan
from tracker.cli import activity, people, person, register, reports, rosters, series, support, users
from tracker.cli.call import (
    CLASS_ID,
    Call,
    Parser,
    add_file_options,
    class_named,
    class_seen,
    command,
    complain,
    group,
    print_json,
    say,
)
from tracker.errors import InvalidInput, NotFound, Problem, SettingsError, TrackerError
from tracker.health import Condition
from tracker.messages import name_of_check, people_in_words, sentence_of
from tracker.run import begin, check_port, running_tracker, tell, until_stopped
from tracker.server.dashboard_process import Dashboard
from tracker.services import Services, open_services
from tracker.settings import environment_of, for_libraries, read_settings
from tracker.storage import backup
from tracker.storage.class_lists import Filter
from tracker.storage.database import AWAY, fault_of
from tracker.storage.schema import check_schema
from tracker.storage.shares import Kind, Share

EVERYTHING = 1_000_000


@logs.to_stderr(logging.ERROR)
def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command: 0, or 1 with one sentence on stderr."""
    paths.keep_new_files_private()
    # A terminal that cannot show a name shows its code; that is no reason to break off.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    options = command_parser().parse_args(arguments)
    try:
        _check_text(options)
        environment = environment_of(os.environ)
        os.environ.update(for_libraries(environment))
        call = Call(options, environment, paths.env_file(os.environ))
        code = int(options.run(call) or 0)
        sys.stdout.flush()
        return code
    except TrackerError as error:
        complain(sentence_of(error))
    except AWAY as error:
        complain(sentence_of(_why_away(error)))
    except KeyboardInterrupt:
        complain("Stopped.")
    except BrokenPipeError:
        complain("Whoever read the output has stopped reading.")
        # What is left in the buffer has nowhere to go, and Python would complain of it at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        what = ": ".join(str(part) for part in (error.filename, error.strerror or error) if part)
        complain(f"This machine refuses: {what}.")
    except Exception:
        logging.getLogger(__name__).critical("this command ended by a fault of the program", exc_info=True)
    return 1


def _why_away(error: Exception) -> Problem:
    """Why the database cannot be used."""
    fault = fault_of(error)
    if fault is not None and fault.sort in ("read_only", "full"):
        return Problem("database_unwritable", {"cause": fault.cause})
    if fault is not None and fault.sort == "other":
        return Problem("database_fault", {"cause": fault.cause})
    return Problem("database_away_for_operator")


def serve(call: Call) -> None:
    """The tracker alone, until it is told to stop."""
    begin()
    with call.services() as services, running_tracker(services, _wrong_settings(call, services)) as http_server:
        say(f"The tracker listens on http://{services.settings.tracker_host}:{http_server.port}.", at_once=True)
        until_stopped()


def up(call: Call) -> int:
    """The tracker and the dashboard, until told to stop or one of them ends."""
    begin()
    with (
        call.services() as services,
        running_tracker(services, _wrong_settings(call, services)),
        Dashboard(services.settings, call.environment) as dashboard,
    ):
        say(f"The dashboard is at {dashboard.url}.", at_once=True)
        return until_stopped(dashboard)


def _wrong_settings(call: Call, services: Services) -> tuple[Condition, ...]:
    return doctor.wrong_settings(call.environment, call.env_file, services.settings)


def dashboard_alone(call: Call) -> int:
    """The dashboard alone."""
    begin()
    with call.services() as services:
        tell(_wrong_settings(call, services))
        privacy.keep_erased(services)
        with Dashboard(services.settings, call.environment) as dashboard:
            say(f"The dashboard is at {dashboard.url}.", at_once=True)
            return until_stopped(dashboard)


def run_demo(call: Call) -> int:
    """Everything, with a practice Zoom and a term of sample classes."""
    if call.options.remove:
        return _remove_sample_data(call)
    # What the loop does is shown as progress here, not as a log.
    begin(log_level=logging.ERROR)
    environment = demo.environment(os.environ)
    settings = read_settings(environment)
    if settings.dashboard_port in (settings.tracker_port, demo.practice_port(settings)):
        raise InvalidInput("dashboard_port_taken_by_demo")
    for port in (settings.tracker_port, settings.dashboard_port, demo.practice_port(settings)):
        check_port(settings.tracker_host, port)
    with (
        open_services(environment) as services,
        demo.practice_zoom(settings),
        running_tracker(services),
        Dashboard(settings, environment) as dashboard,
    ):
        demo.prepare(services, lambda line: say(line, at_once=True))
        for line in demo.welcome(dashboard.url, settings).splitlines():
            say(line, at_once=True)
        return until_stopped(dashboard)


def _remove_sample_data(call: Call) -> int:
    with call.services(prepare=None) as services:
        folders = sample_data.remove(services, auth.OPERATOR)
    say(f"The sample data in {', '.join(map(str, folders))} is deleted.")
    return 0


def examine(call: Call) -> int:
    """What is in place and what is missing; nothing is made or changed."""
    checks = [*doctor.settings_given(call.environment, call.env_file)]
    try:
        with call.services(prepare=None) as services:
            checks = doctor.where_things_are(call.env_file, services.settings.data_dir) + checks
            checks += doctor.examine(services)
            checks += doctor.conditions(services, checks)
            if call.options.public:
                checks += doctor.way_from_zoom(services, call.options.public)
    except SettingsError as error:
        # Without settings there is nothing else to look at.
        checks = [*(check for check in checks if not check.ok), doctor.Check("settings_read", False, error.problem)]
    well = all(check.ok for check in checks)
    if call.options.json:
        found = [{"name": check.code, "ok": check.ok, "sentence": sentence_of(check.problem)} for check in checks]
        print_json({"ok": well, "checks": found})
    else:
        for check in checks:
            mark = "ok     " if check.ok else "MISSING"
            say(f"{mark} {name_of_check(check.code)}: {sentence_of(check.problem)}")
    if not well:
        complain("Something needs attention; see above.")
    return 0 if well else 1


def deploy_files(call: Call) -> None:
    """Writes what installs it on a server into a folder: the script, systemd's units, nginx's configuration."""
    paths.write_deploy_files(Path(call.options.folder))
    say(f"{call.options.folder} has what installs it; `sh {call.options.folder}/install --help` says how.")


def create_class(call: Call) -> None:
    """Makes a class with its Zoom meeting, or takes the meeting in a link."""
    options = call.options
    plan = Plan(options.title, series.moment(options.start), options.minutes, options.timezone)
    with call.services() as services:
        teacher = services.read(auth.get_member, options.teacher)
        class_id = classes.create_class(
            services,
            auth.OPERATOR,
            plan,
            teacher=teacher,
            link=options.link,
            course=options.course,
            options=series.meeting_options(options),
        )
        found = class_named(services, class_id)
    series.tell_not_taken(found)
    if options.json:
        print_json(found.record())
    else:
        say(f"{found.id}  {found.title}: meeting {found.zoom_meeting_id}, join at {found.zoom_join_url}")


def list_classes(call: Call) -> None:
    """Every class, newest first."""
    with call.services(check_schema) as services:
        found = services.read(classes.list_classes, auth.OPERATOR, Filter(), limit=EVERYTHING)
        if call.options.json:
            print_json([one.record() for one in found])
            return
        figures = [services.read(class_attendance.figures_shown, one, services.now()) for one in found]
    for one, numbers in zip(found, figures, strict=True):
        figure = people_in_words(*numbers)
        say(f"{one.id}  {clock.to_zoom(one.scheduled_start)}  {one.status:<9}  {figure:<23}  {one.title}")


def show_class(call: Call) -> None:
    """One class with what is known of it."""
    with call.services(check_schema) as services:
        found = class_seen(services, call.options.id)
        attendance = services.read(class_attendance.attendance_of, found, services.now())
        shares = services.read(auth.shares_of, auth.OPERATOR, found)
        state = found.fetch.state(services.now()).value if found.fetch else None
    failure = found.fetch.error if found.fetch else None
    data = participants_data(attendance) if attendance else None
    if call.options.json:
        more = {"participantsData": data, "fetchState": state, "sharedWith": _shared_with(shares)}
        print_json(found.record() | more)
        return
    for name, value in found.record().items():
        told = json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value
        say(f"{name}: {'–' if value is None else told}")
    for one in shares:
        say(f"shared with: {one.colleague.email}" + (" (the whole course)" if one.kind == "course" else ""))
    say(f"fetch: {state or '–'}" + (f" ({sentence_of(failure)})" if failure else ""))


def share_class(call: Call) -> None:
    """Shares a class, or with --course its whole course, with a colleague; --undo takes that back."""
    options = call.options
    kind: Kind = "course" if options.course else "class"
    with call.services() as services:
        if options.undo:
            given = services.read(auth.shares_of, auth.OPERATOR, class_named(services, options.id))
            colleague = services.read(auth.get_member, options.email)
            share = next((one for one in given if (one.kind, one.colleague.id) == (kind, colleague.id)), None)
            if share is None:
                raise NotFound("no_such_share", email=colleague.email)
            auth.end_share(services.engine, auth.OPERATOR, share, services.now(), options.id)
        else:
            share = auth.share(services.engine, auth.OPERATOR, options.id, options.email, services.now(), kind)
        found = class_named(services, options.id)
        shares = services.read(auth.shares_of, auth.OPERATOR, found)
    if options.json:
        print_json(found.record() | {"sharedWith": _shared_with(shares)})
    else:
        is_it, more = ("is not", " any more") if options.undo else ("is", "")
        say(f"The {kind} {share.title} {is_it} shared with {share.colleague.email}{more}.")


def _shared_with(shares: Sequence[Share]) -> list[dict[str, str]]:
    return [{"email": one.colleague.email, "name": one.colleague.name, "of": one.kind} for one in shares]


def fetch(call: Call) -> None:
    """Fetches the participants of one class now, or of all that are due."""
    if call.options.all_due == (call.options.id is not None):
        raise InvalidInput("fetch_which")
    if call.options.all_due:
        _fetch_all_due(call)
        return
    with call.services() as services:
        # Whoever may run this may as well ask Zoom without it.
        attendance = fetching.fetch_now(services, auth.OPERATOR, call.options.id, anew=True)
        found = class_named(services, call.options.id)
    if call.options.json:
        print_json(found.record())
    else:
        say(f"{attendance.unique_count} people from {attendance.total_records} records.")


def _fetch_all_due(call: Call) -> None:
    with call.services() as services:
        background = services.in_background()
        outcomes = Counter(iter(lambda: fetching.fetch_due(background), None))
        left = services.read(health.queue, services.now()).due
    counts = {"collected": outcomes["collected"], "putOff": outcomes["put_off"], "due": left}
    if call.options.json:
        print_json(counts)
    else:
        say(f"{outcomes['collected']} collected, {outcomes['put_off']} put off, {left} still due.")


def retry(call: Call) -> None:
    """Puts fetches that fail or were given up back into the queue, to be tried at once."""
    if call.options.all == (call.options.id is not None):
        raise InvalidInput("retry_which")
    with call.services() as services:
        if call.options.all:
            number = fetching.try_all_again(services, auth.OPERATOR)
        else:
            fetching.try_again(services, auth.OPERATOR, call.options.id)
            number = 1
    say(f"{number} {'class is' if number == 1 else 'classes are'} tried again.")


def back_up(call: Call) -> None:
    """Copies the database into a file, also while tracker and dashboard run."""
    backup.back_up(call.settings.database_url, Path(call.options.file))
    _note(call, Action.BACKUP_MADE)
    say(f"{call.options.file} has everything. Keep it as carefully as the database: it holds personal data.")


def restore(call: Call) -> None:
    """Brings back what is in a backup; what was there before is kept beside the database."""
    before = privacy.restore(call.settings, Path(call.options.file), clock.now())
    _note(call, Action.RESTORED)
    say("Restored." if before is None else f"Restored. What was there before is in {before}.")
    say("Everybody has to sign in again and to make new API tokens; open invitations have to be sent anew.")


def _note(call: Call, action: Action) -> None:
    """Notes what was done to the whole database; one of another version cannot, and is copied all the same."""
    with suppress(TrackerError, *AWAY), call.services(check_schema) as services:
        audit.note_read(services.engine, auth.OPERATOR, action, services.now())


def _check_text(options: argparse.Namespace) -> None:
    """Raises InvalidInput for an argument that was not written in the terminal's own encoding."""
    for name, value in vars(options).items():
        if isinstance(value, str) and any("\ud800" <= char <= "\udfff" for char in value):
            raise InvalidInput("argument_not_text", name=name)


def command_parser() -> argparse.ArgumentParser:
    """Every command with its options; `run` of what it reads is the function to call."""
    top = Parser(prog="tracker", description="Counts who was in a Zoom class.")
    top.add_argument(
        "--version", action="version", version=f"tracker {health.VERSION}", help="the version, and nothing else"
    )
    commands = top.add_subparsers(required=True, metavar="COMMAND", parser_class=Parser)
    added = command(commands, "demo", run_demo)
    added.add_argument("--remove", action="store_true", help="delete what the demo has made, and start nothing")
    command(commands, "up", up)
    command(commands, "serve", serve)
    command(commands, "dashboard", dashboard_alone)
    looking = command(commands, "doctor", examine, as_json=True)
    looking.add_argument("--public", metavar="URL", help="also try the way from Zoom to the tracker, at this address")
    users.user_commands(group(commands, "user", "People with an account."))
    _class_commands(group(commands, "class", "Classes."))
    added = command(commands, "fetch", fetch, as_json=True)
    added.add_argument("id", nargs="?", help=CLASS_ID)
    added.add_argument("--all-due", action="store_true", help="every class whose participants are due")
    added = command(commands, "retry", retry)
    added.add_argument("id", nargs="?", help=CLASS_ID)
    added.add_argument("--all", action="store_true", help="every class that fails or was given up")
    _export_command(commands)
    person.person_commands(commands)
    rosters.roster_commands(commands)
    register.register_commands(commands)
    reports.report_commands(commands)
    command(commands, "people", people.show, as_json=True, id=CLASS_ID)
    activity.audit_command(commands)
    support.support_command(commands)
    command(commands, "backup", back_up, file="where the copy goes; a file that exists is replaced")
    command(commands, "deploy-files", deploy_files, folder="where the files go; it is made where there is none")
    command(commands, "restore", restore, file="a file that `tracker backup` has made")
    return top


def _class_commands(lessons: Any) -> None:
    added = command(lessons, "create", create_class, as_json=True)
    added.add_argument("--title", required=True, help="what the class is called")
    added.add_argument("--teacher", required=True, help="the e-mail of the account that holds it")
    added.add_argument("--start", required=True, help="local time, like 2026-05-14T10:00; it may be in the past")
    added.add_argument("--minutes", type=int, required=True, help="planned length")
    added.add_argument("--timezone", default="UTC", help="like Europe/Berlin (default: %(default)s)")
    added.add_argument("--link", help="a Zoom link or meeting id, instead of a new meeting")
    added.add_argument("--course", help="the course it belongs to")
    series.option_arguments(added)
    series.series_command(lessons)
    command(lessons, "list", list_classes, as_json=True)
    command(lessons, "show", show_class, as_json=True, id=CLASS_ID)
    added = command(
        lessons, "share", share_class, as_json=True, id=CLASS_ID, email="the e-mail of the colleague's account"
    )
    added.add_argument("--course", action="store_true", help="the whole course that the class belongs to")
    added.add_argument("--undo", action="store_true", help="take it back")


def _export_command(commands: Any) -> None:
    added = command(commands, "export", people.export, id=CLASS_ID)
    added.add_argument(
        "--format",
        choices=report.FORMATS,
        default="csv",
        help="kind of file; xlsx always has both shapes, on a sheet each (default: %(default)s)",
    )
    added.add_argument(
        "--shape",
        choices=report.SHAPES,
        default="people",
        help="one row a person or one a stay; of xlsx the sheet that comes first (default: %(default)s)",
    )
    add_file_options(added)
