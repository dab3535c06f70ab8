"""The commands on people's data: what is kept on somebody, erasing her, and how long names are kept."""

import json
from collections.abc import Iterator

from tracker import auth, clock, privacy
from tracker.cli.call import Call, command, group, line_from_stdin, print_json, say, write_file
from tracker.errors import InvalidInput
from tracker.messages import sentence, sentence_of
from tracker.privacy import Findings
from tracker.storage.schema import check_schema
from tracker.text import plain

WHO = "an e-mail address, or a name as Zoom gives it"
WITH_EMAILS = "of a name: also whoever has this name and an e-mail address, whoever that is"


def export(call: Call) -> None:
    """Everything that is kept on a person, as JSON."""
    options = call.options
    with call.services() as services:
        content = privacy.export(services, auth.OPERATOR, options.who, with_emails=options.with_emails)
    if options.out is None:
        print_json(content)
        return
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    write_file(options.out, text.encode())
    say(f"{options.out} has everything that is kept here. {sentence('zooms_own_copy')}")


def erase(call: Call) -> None:
    """Erases a person, after showing what is kept; counts of classes stay what they are."""
    options = call.options
    with call.services() as services:
        found = privacy.find(services, auth.OPERATOR, options.who, with_emails=options.with_emails)
        if found.account is not None:
            raise InvalidInput("erase_has_account", email=found.account.email)
        for line in lines_of(found):
            say(line)
        if found.nothing:  # a name that was mistyped may be somebody else's tomorrow
            say(sentence("person_not_kept"))
            return
        if not options.yes:
            _ask_once_more()
        done = privacy.erase(services, auth.OPERATOR, options.who, with_emails=options.with_emails)
    say(sentence("person_erased", {"classes": done.classes, "sightings": done.sightings}))
    if done.rosters:
        say(sentence("person_off_rosters", {"rosters": done.rosters}))
    for copy in done.copies:
        say(sentence("erased_but_in_copy", {"file": str(copy)}))
    if not done.compacted:
        say(sentence("erased_not_compacted"))
    if done.noted is not None:
        say(sentence_of(done.noted))
    say(sentence("zooms_own_copy"))


def retention(call: Call) -> None:
    """Which classes lose their participants' names, and when."""
    with call.services(check_schema) as services:
        found = privacy.preview(services, auth.OPERATOR, call.options.days)
    if not found.is_on:
        say(sentence("retention_off"))
        return
    what = {"names": "Names go", "records": "Records go"}[found.action]
    say(f"{what} {found.days} days after a class." if found.days else "Only the names of these courses go:")
    for course in found.courses:
        if course.days is not None:
            kept = f"{course.days} days" if course.days else "kept"
            say(f"{plain(course.name)} ({course.teacher_email}): {kept}")
    for one in found.due:
        people = "–" if one.participant_count is None else one.participant_count
        say(f"due now: {one.id}  {clock.to_zoom(one.scheduled_start)}  {people} people  {plain(one.title)}")
    if found.more:
        say("… and more.")
    if found.next_class is not None and found.next_at is not None:
        say(f"next: {clock.to_zoom(found.next_at)}  {found.next_class.id}  {plain(found.next_class.title)}")


def keep_course(call: Call) -> None:
    """Sets for how many days a course keeps names; 0 for no limit, without --days as the setting says."""
    options = call.options
    with call.services() as services:
        privacy.set_course_days(services, auth.OPERATOR, options.teacher, options.course, options.days)
    say(f"{options.course}: " + ("as the setting says." if options.days is None else f"{options.days} days."))


def lines_of(found: Findings) -> Iterator[str]:
    """What is kept on a person, a line each."""
    for one, number in found.classes:
        start, records = clock.to_zoom(one.scheduled_start), "1 record" if number == 1 else f"{number} records"
        yield f"{one.id}  {start}  {records}  {plain(one.title)} ({plain(one.teacher_name)})"
    for on_roster in found.named_in:
        yield sentence_of(on_roster)
    yield sentence_of(found.problem)
    for other in found.others:
        yield sentence_of(other.problem)
    for title in found.titles:
        yield sentence("person_in_title", {"title": plain(title)})
    for class_id in found.unreadable:
        yield sentence("person_unreadable", {"id": class_id})
    if found.noted is not None:
        yield sentence_of(found.noted)


def _ask_once_more() -> None:
    say("Erase all of this for good? Type yes.", at_once=True)
    if line_from_stdin().strip().lower() != "yes":
        raise InvalidInput("erase_unconfirmed")


def person_commands(commands: object) -> None:
    """The commands on people's data, with their options."""
    persons = group(commands, "person", "What is kept on a person.")
    for name, run in (("export", export), ("erase", erase)):
        added = command(persons, name, run, who=WHO)
        added.add_argument("--with-emails", action="store_true", help=WITH_EMAILS)
        if name == "export":
            added.add_argument("--out", help="a file for you alone; stdout without it")
        else:
            added.add_argument("--yes", action="store_true", help="do not ask once more")
    kept = group(commands, "retention", "How long the names of participants are kept.")
    shown = command(kept, "show", retention)
    shown.add_argument("--days", type=int, help="as it would be with so many days instead of those that are set")
    added = command(kept, "course", keep_course, course="the course, by its name")
    added.add_argument("--teacher", required=True, help="the e-mail of the account that holds it")
    added.add_argument("--days", type=int, help="for so many days after each class (default: as the setting says)")
