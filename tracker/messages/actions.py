"""What somebody did, in words that follow her name: one for each code of `tracker.audit.Action`.

Details stand in braces, as in the sentences beside it; `reason` is a code of one of these.
"""

from collections.abc import Mapping

from tracker.messages.details import Plural, Template

ACTIONS: Mapping[str, Template] = {
    "class_seen": "looked at the class",
    "class_exported": "exported the class ({shape}, {format})",
    "start_link_opened": "opened the start link of the class, as its host",
    "class_made": "made the class “{title}”, {start}, {minutes} minutes, for {teacher}",
    "class_from_report": "made the class “{title}”, {start}, {minutes} minutes, from a report, "
    "in the course “{course}” of {teacher}",
    "class_changed": "changed the class from {old_start}, {old_minutes} minutes to {start}, {minutes} minutes",
    "meeting_options_set": "set the options of the meeting (waiting room: {waiting_room}, sign-in: {sign_in}, "
    "recording: {recording}, registration: {registration}, substitutes: {substitutes})",
    "class_moved": "put the class into another course",
    "class_cancelled": "cancelled the class",
    "class_cancelling_undone": "took back that the class is cancelled",
    "trouble_seen_to": "has seen to what was the matter with the class",
    "trouble_seen_to_undone": "took back that somebody has seen to the class",
    "session_counted_in": "counted a session in",
    "session_left_out": "left a session out",
    "session_choice_undone": "took back what was said of a session",
    "list_taken": "took the other list of a session",
    "people_decided": Plural(
        "joined",
        "said who is the same person: {joined} pair joined, {parted} parted",
        "said who is the same person: {joined} pairs joined, {parted} parted",
    ),
    "people_decision_undone": "took back that two people are the same, or are not",
    "people_marked": Plural("people", "said of {people} person: {mark}", "said of {people} people: {mark}"),
    "people_mark_undone": Plural(
        "people", "took back what was said of {people} person", "took back what was said of {people} people"
    ),
    "participants_fetched": "fetched the participants by hand",
    "fetch_tried_again": "had the fetch of the participants tried again",
    "roster_seen": "looked at the roster of the course “{course}” of {account}",
    "register_seen": "looked at the register of the course “{course}” of {account}",
    "register_exported": "exported the register of the course “{course}” of {account} ({shape}, {format})",
    "students_marked": "said by hand what students were in the class: {given} given, {taken_back} taken back",
    "students_matched": "said who is which student of the course “{course}” of {account}",
    "student_changed": "changed a student of the course “{course}” of {account}",
    "student_added": "added a student to the course “{course}” of {account}",
    "students_removed": Plural(
        "students",
        "took {students} student off the course “{course}” of {account}",
        "took {students} students off the course “{course}” of {account}",
    ),
    "course_made": "made the course “{course}” of {account}",
    "course_changed": "changed the course “{course}” of {account}",
    "course_archived": "archived the course “{course}” of {account}",
    "course_taken_out": "took the course “{course}” of {account} out of the archive",
    "course_handed_over": Plural(
        "classes",
        "gave the course “{course}” of {account}, with {classes} class, to {heir}",
        "gave the course “{course}” of {account}, with {classes} classes, to {heir}",
    ),
    "course_deleted": "deleted the course “{course}” of {account}",
    "student_seen": "looked at a student of the course “{course}” of {account}",
    "student_links_made": Plural(
        "links",
        "made {links} link for a student of the course “{course}” of {account}",
        "made {links} links for students of the course “{course}” of {account}",
    ),
    "student_links_closed": Plural(
        "links",
        "closed {links} link of a student of the course “{course}” of {account}",
        "closed {links} links of students of the course “{course}” of {account}",
    ),
    "student_asked": "said, as a student of the course “{course}” of {account}, that something is not right",
    "student_withdrew": "took a request back, as a student of the course “{course}” of {account}",
    "request_accepted": "accepted the request of a student",
    "request_declined": "declined the request of a student",
    "request_reopened": "took back what was decided on the request of a student",
    "roster_imported": Plural(
        "new",
        "imported a list into the roster of the course “{course}” of {account}: {new} student new, {changed} changed",
        "imported a list into the roster of the course “{course}” of {account}: {new} students new, {changed} changed",
    ),
    "news_switched": "changed which e-mails the course “{course}” sends to {account}",
    "digest_sent": "sent {account} an e-mail on who was in the class",
    "weekly_sent": "sent {account} an e-mail on who is at risk in the course “{course}”",
    "signed_in": "signed in",
    "sign_in_failed": "tried to sign in and failed: {reason}",
    "signed_out": "signed out",
    "sign_in_ended": "signed out another browser",
    "sign_ins_ended": "signed out all other browsers",
    "password_changed": "changed the password",
    "password_set": "set a new password for {account}",
    "second_factor_on": "switched the second factor on",
    "second_factor_off": "switched the second factor off",
    "language_chosen": "chose the language of the pages",
    "account_added": "added the account {account} ({role})",
    "account_invited": "invited {account} ({role})",
    "account_reset": "reset the password of {account}",
    "invitation_accepted": "accepted the invitation",
    "account_closed": "closed the account {account}",
    "account_opened": "opened the account {account} again",
    "role_changed": "gave {account} the role {role}",
    "account_removed": "removed the account {account}",
    "account_handed_over": "gave the classes of {account} to {heir}",
    "shared": "shared the {kind} “{title}” with {account}",
    "share_ended": "ended the sharing of the {kind} “{title}” with {account}",
    "token_made": "made the API token “{name}” for {account}",
    "tokens_revoked": Plural(
        "tokens", "revoked {tokens} API token of {account}", "revoked {tokens} API tokens of {account}"
    ),
    "backup_made": "made a backup",
    "restored": "restored a backup",
    "audit_exported": Plural(
        "entries", "exported {entries} entry of this list", "exported {entries} entries of this list"
    ),
    "audit_forgotten": Plural(
        "entries",
        "dropped {entries} entry of this list that were old enough",
        "dropped {entries} entries of this list that were old enough",
    ),
    "sample_data_removed": "removed the sample data of the demo",
    "person_seen": Plural(
        "classes",
        "looked at what is kept on somebody, who was in {classes} class",
        "looked at what is kept on somebody, who was in {classes} classes",
    ),
    "person_exported": Plural(
        "records",
        "exported what is kept on somebody: {records} record",
        "exported what is kept on somebody: {records} records",
    ),
    "person_erased": Plural(
        "classes", "erased somebody, who was in {classes} class", "erased somebody, who was in {classes} classes"
    ),
    "names_removed": Plural(
        "people",
        "removed the names of {people} person, which were kept for long enough",
        "removed the names of {people} people, which were kept for long enough",
    ),
    "records_removed": Plural(
        "people",
        "removed the records of {people} person, which were kept for long enough",
        "removed the records of {people} people, which were kept for long enough",
    ),
    "retention_set": "set how long the course “{course}” of {account} keeps names: {days}",
}
# The same where a class got another title with it.
CLASS_RENAMED_TOO = (
    "changed the class from {old_start}, {old_minutes} minutes to {start}, {minutes} minutes, and its title"
)
# From where somebody acts who has no address.
ORIGINS: Mapping[str, str] = {"command_line": "command line", "schedule": "by itself", "": "unknown"}
