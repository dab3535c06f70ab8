"""The sentences that people read: one for each code. Whatever is stored, compared or counted is the code.

They stand here in English, and are told in the language that is spoken (`languages`). A sentence names details in
braces. Most are texts and numbers. Where one is made of other problems, it is their sentences, joined by a blank or by
what follows the colon.
"""

from collections.abc import Iterator, Mapping

from tracker.messages.actions import ACTIONS, CLASS_RENAMED_TOO, ORIGINS
from tracker.messages.conditions import CURES, OF_CONDITIONS
from tracker.messages.details import Detail as Detail
from tracker.messages.details import HasCode as HasCode
from tracker.messages.details import Named, Plural, Template
from tracker.messages.examination import OF_EXAMINATION
from tracker.messages.languages import gettext, gettext_template, ngettext, ngettext_template
from tracker.messages.operators import OF_BACKUPS, OF_CHECKS, OF_MAIL, OF_THE_MACHINE
from tracker.messages.reports import OF_REPORTS
from tracker.messages.rosters import OF_ROSTERS
from tracker.messages.vocabulary import CONTENTS, EVERY, KINDS, LENGTHS_KEPT, MARKS, ROLES

_OF_ZOOM: Mapping[str, Template] = {
    "zoom_not_connected": "Zoom is not connected: ZOOM_ACCOUNT_ID, ZOOM_CLIENT_ID and ZOOM_CLIENT_SECRET are needed.",
    "zoom_no_answer": "Zoom did not answer in time.",
    "zoom_unreachable": "Zoom could not be reached, or its answer broke off.",
    "zoom_answer_too_large": "Zoom's answer came too slowly or was too large.",
    "zoom_answer_not_json": "Zoom's answer cannot be used: an answer that is not JSON.",
    "zoom_answer_misshapen": "Zoom's answer cannot be used: an answer of another shape.",
    "zoom_answer_without_field": "Zoom's answer cannot be used: an answer without {field}.",
    "zoom_answer_without_list": "Zoom's answer cannot be used: an answer without its list of {field}.",
    "zoom_answer_without_start": "Zoom's answer cannot be used: a past meeting without a start.",
    "zoom_page_token_repeated": "Zoom's answer cannot be used: a page token that repeats.",
    "zoom_pages_endless": "Zoom's answer cannot be used: pages without end.",
    "zoom_page_token_expired": "Zoom's page token ran out before the list was read to its end.",
    "zoom_credentials_refused": "Zoom does not accept the app's credentials; check account id, client id and client "
    "secret, and that the app is activated.",
    "zoom_credentials_refused_with_reason": "Zoom does not accept the app's credentials; check account id, client id "
    "and client secret, and that the app is activated. Zoom says: {reason}.",
    "zoom_token_refused": "Zoom refuses the app's access token; check that the app is activated.",
    "zoom_scope_missing": "The Zoom app lacks the scope {scope}.",
    "zoom_not_allowed": "Zoom does not allow this for the app: {message}",
    "zoom_plan_without_reports": "This Zoom plan has no participant reports; they need Zoom Pro or higher.",
    "zoom_list_too_old": "Zoom keeps participant lists for 15 months, and this class is older.",
    "zoom_registration_off": "Zoom takes no registrants for this meeting: registration is not switched on there.",
    "zoom_registration_needs_plan": "This Zoom plan has no registration; it needs Zoom Pro or higher, and a licence "
    "for the host.",
    "zoom_registrant_used_up": "Zoom registers one person at most 3 times a day.",
    "zoom_registrants_refused": Plural(
        "number",
        "Zoom does not take {number} student: “{message}”",
        "Zoom does not take {number} students: “{message}”",
    ),
    "zoom_substitute_refused": "Zoom does not take a substitute: “{message}”",
    "zoom_no_such_user": "This teacher has no user in the school's Zoom account.",
    "zoom_meeting_not_over": "Zoom knows no such meeting, or it is not over yet.",
    "zoom_meeting_gone": "Zoom has no such meeting, or no longer.",
    "zoom_nothing_there": "Zoom does not have what was asked for (HTTP 404).",
    "zoom_too_many_requests": "Zoom has had too many requests from this account and asks to wait.",
    "zoom_rate_used_up": "Zoom takes no more requests from this account at the moment.",
    "zoom_unavailable": "Zoom has a fault of its own (HTTP {status}).",
    "zoom_request_blocked": "Not Zoom but something on the way there refuses the request (HTTP {status}).",
    "zoom_request_refused": "Zoom refuses the request (HTTP {status}): {message}",
    "zoom_request_refused_without_reason": "Zoom refuses the request (HTTP {status}): no reason given",
    "zoom_start_link_missing": "Zoom gave no start link for this meeting.",
    "zoom_user_meetings_used_up": "Zoom lets 100 meetings a day be made or changed for one person, and {host} has used "
    "them up. It goes on at {until}; other teachers are not affected.",
    "zoom_app_deauthorised": "The Zoom app was disabled, or is no longer authorised for this account. Activate it "
    "again in Zoom's App Marketplace, then try again here.",
    "zoom_api_address_wrong": "There is no Zoom API at the address that is set: ZOOM_API_URL has to be "
    "https://api.zoom.us/v2, with /v2 at its end.",
}

_OF_FETCHES: Mapping[str, Template] = {
    "no_zoom_meeting_id": "This class has no Zoom meeting.",
    "class_cancelled": "This class was cancelled.",
    "class_not_ended": "This class has not ended.",
    "no_session_ended": "Zoom knows of no session of this class that has ended.",
    "sessions_elsewhere": "Zoom has sessions of this meeting, and none at the time of this class.",
    "no_record_of_this_class": "Zoom's lists have nobody of this class so far.",
    "sessions_missing": Plural(
        "missing",
        "{missing} of {sessions} sessions is missing: {why: }",
        "{missing} of {sessions} sessions are missing: {why: }",
    ),
    "no_list_yet": "Zoom has no participant list for this class yet.",
    "list_incomplete": "Zoom speaks of more records than it gives.",
    "already_fetched": "The participants of this class are known.",
    "names_removed": "The names of this class's participants were kept for long enough, and are removed for good.",
    "too_soon": "Zoom is still preparing the list of this class.",
    "fetch_under_way": "The participants of this class are being fetched right now.",
    "participants_unknown": "The participants of this class are not known yet.",
    "lease_lost": "The fetch was given to somebody else meanwhile.",
    "unreadable_records": "The stored participants of this class cannot be read; fetch them again.",
    "unexpected_fault": "Something went wrong here; the operator's log has the details.",
    # What a version before these codes has stored and nobody knows any more.
    "earlier_error": "{text}",
}

_OF_CLASSES: Mapping[str, Template] = {
    "no_such_class": "There is no such class.",
    "no_such_session": "This class has no such session.",
    "no_such_class_of_yours": "There is no such class of yours.",
    "class_of_somebody_else": "This class belongs to somebody else.",
    "meeting_of_hidden_class": "This Zoom meeting serves other classes too that are not shared with you. "
    "Only {teacher} can move this class, or decide on its sessions.",
    "share_of_somebody_else": "Only the class's teacher or an admin shares it, or takes it back from others.",
    "share_with_teacher": "It is this person's own class.",
    "share_with_closed": "The account of {email} is closed.",
    "no_such_share": "It is not shared with {email}.",
    "class_without_course": "This class belongs to no course.",
    "people_of_other_classes": "Somebody of these is in other classes of {teacher} too, which are not shared with you. "
    "Ask {teacher} to say this, or to share those classes.",
    "cancelling_not_undoable": "This can no longer be undone. Make the class again.",
    "class_not_changeable": "This class has begun, is over or was cancelled, so it can no longer be changed.",
    "title_missing": "Give the class a title.",
    "title_too_long": "The title is longer than {most} characters.",
    "course_name_too_long": "The course's name is longer than {most} characters.",
    "class_length_unusable": "A class lasts from 1 to {most} minutes.",
    "plan_incomplete": "A class needs a date, a time and a length.",
    "start_not_in_century": "The start of the class is not in this century.",
    "start_passed": "This time has passed. For a class that was held already, paste its Zoom link.",
    "time_zone_unknown": "“{zone}” is not a time zone; write it like Europe/Berlin.",
    "time_skipped": "{time} does not exist on {day} in {zone}: the clocks go forward then.",
    "series_without_weekday": "Choose the days of the week on which the class is held.",
    "series_ends_before_it_begins": "The last day is before the first one.",
    "series_until_too_late": "The last day is more than two years after the first one.",
    "series_start_passed": "The first of these classes would be in the past.",
    "series_without_class": "There is no class between the first and the last day.",
    "series_too_long": "These would be {classes} classes, and {most} can be planned at once. Choose an earlier last "
    "day.",
    "series_too_long_for_one_link": "Zoom takes {most} dates for one link, and these are {dates}. Choose a link for "
    "each class, or an earlier last day.",
    "weekday_unreadable": "“{text}” is not a day of the week; write it like tue,thu.",
    "day_unreadable": "“{text}” is not a date; write it like 2026-06-30.",
    "time_unreadable": "“{text}” is not a time; write it like 2026-05-14T10:00.",
    "meeting_of_somebody_else": "This Zoom meeting has another host; an admin can link it to your class.",
    "meeting_of_other_class": "This Zoom meeting belongs to a colleague's class; an admin can link it to yours too.",
    "meeting_host_unknown": "Zoom does not say who hosts this meeting, so only an admin can link it.",
    "options_of_linked_meeting": "This meeting was made elsewhere, so its options are set in Zoom.",
    "options_not_taken": "Zoom did not take {options}: the Zoom account has it locked or its plan does not have it, or "
    "a substitute has no licence in the school's own Zoom account.",
    "substitutes_of_somebody_else": "Only the teacher of this class, or an admin, says who starts it in her place.",
    "substitute_is_teacher": "The class's own teacher cannot be its substitute.",
    "too_many_substitutes": "A class can have {most} substitutes.",
    "meeting_taken": "There is a class in this Zoom meeting at this time already.",
    "link_not_pasted": "Paste the link of the Zoom meeting, or let a new one be made.",
    "link_too_long": "This text is too long. Copy only the Zoom link or the meeting ID.",
    "link_with_control_characters": "This text holds control characters. Copy the link again, or type the meeting ID.",
    "link_of_several_meetings": "This text holds more than one meeting ID. Copy only the link of your class.",
    "link_with_other_length": "A meeting ID has 9 to 11 digits, this one has {count}. Copy the whole link or number "
    "again.",
    "link_personal": "A personal link (/my/…) does not contain the meeting ID. Open it and copy the number that Zoom "
    "shows as Meeting ID.",
    "link_for_registration": "A registration link does not contain the meeting ID. Copy the link or the number from "
    "the meeting's page in Zoom.",
    "link_in_other_digits": "Please write the meeting ID with the digits 0 to 9.",
    "link_without_id": "This Zoom link does not contain a meeting ID. Copy the link that you send to your students.",
    "link_not_zoom": "This is not a Zoom address. If it is a short link, open it and copy the zoom.us address that it "
    "leads to.",
    "link_webinar": "This is the link of a Zoom webinar. Participants are counted for Zoom meetings only, so make a "
    "meeting for this class, or paste a meeting's link.",
    "link_missing": "There is no Zoom link or meeting ID here. Paste the link, or a number like 814 1890 0011.",
}

_OF_PEOPLE: Mapping[str, Template] = {
    "sign_in_needed": "Please sign in.",
    "password_wrong": "E-mail or password is wrong.",
    "account_closed": "This account is closed. An admin can open it again.",
    "sign_in_busy": "Too many people are signing in at this moment. Please try again in a few seconds.",
    "too_many_passwords": "Too many wrong passwords. Try again in {minutes} minutes.",
    "present_password_wrong": "Your present password is not this one.",
    "passwords_differ": "The two new passwords are not the same.",
    "invitation_over": "This link has been used, or its time is over. Ask an admin for another one.",
    "school_account_not_offered": "Signing in with the school's account is not set up here.",
    "school_account_failed": "The sign-in with the school's account did not work. Please try again.",
    "school_account_denied": "The school's sign-in was broken off.",
    "school_account_unverified": "Your school's account has no verified e-mail address, and without one "
    "nobody can tell who you are.",
    "school_account_domain": "Accounts of this e-mail domain cannot sign in here.",
    "school_account_unknown": "You have no account here yet. Ask an admin to invite you.",
    "school_account_other": "The account with this e-mail address belongs to another person's sign-in. Ask an admin.",
    "code_needed": "Type your password again, and the code that your app shows.",
    "code_wrong": "This code is wrong or was used already. Wait for the next one.",
    "password_length": "A password has from {least} to {most} characters.",
    "password_common": "This password is too easy to guess. Take a longer one, of several words for example.",
    "password_about_oneself": "A name, an e-mail address or a word of this product is no password. Take something that "
    "nobody would guess.",
    "password_not_utf8": "The password on stdin is not valid UTF-8.",
    "api_token_needed": "A valid API token is needed: Authorization: Bearer <token>.",
    "admins_only": "This page is for admins.",
    "account_removed": "This account has been removed; its classes may have gone to somebody else.",
    "no_such_account": "There is no account for {email}.",
    "account_exists": "{email} has an account already.",
    "account_has_classes": "{email} has classes. Say who gets them (on the command line: --to EMAIL).",
    "classes_to_nobody": "The classes cannot go to {email}: take another account, one that is open.",
    "last_admin": "{email} is the only admin left. Make somebody else an admin first.",
    "token_name_unusable": "The name of a token has from 1 to {most} characters.",
    "token_days_unusable": "A token is valid for 1 to {most} days.",
    "too_many_tokens": "There are {most} tokens already. Revoke one that is not used any more.",
    "email_unusable": "“{email}” is not an e-mail address.",
    "form_from_elsewhere": "This was sent from another site. If it was not: the web server in front of the dashboard "
    "has to pass on Host and X-Forwarded-Proto.",
    "host_from_elsewhere": "Another site has sent you here. Open the class on the dashboard, and press “Start class” "
    "there.",
    "host_unknown": "This dashboard has no name {host}. If it should: whoever runs it adds the name to the setting "
    "ALLOWED_HOSTS.",
    "too_many_connections": "There are too many connections from where you are. Please try again in a few seconds.",
    "form_too_large": "This form is too large.",
    "language_unknown": "The pages do not speak this language.",
}

_OF_PEOPLES_DATA: Mapping[str, Template] = {
    "person_unnamed": "Say whom: an e-mail address, or a name as Zoom gives it.",
    "person_found": Plural(
        "classes",
        "{classes} class has records of this person, Zoom's lists of sessions have {lists}; seen live {sightings} "
        "times; said by teachers: {words}.",
        "{classes} classes have records of this person, Zoom's lists of sessions have {lists}; seen live {sightings} "
        "times; said by teachers: {words}.",
    ),
    "person_of_the_same_name": "the same name",
    "person_of_a_like_name": "the same name with a device, a number or the like",
    "person_not_kept": "Nothing is kept on this person, so nothing is erased.",
    "person_of_the_same_account": "the same Zoom account",
    "person_of_the_same_student": "the same student by a teacher's word",
    "person_joined_by_teacher": "the same person by a teacher's word",
    "person_not_touched": Plural(
        "classes", "Not touched: {who}, {why}, in {classes} class.", "Not touched: {who}, {why}, in {classes} classes."
    ),
    "person_on_roster": "On the roster of the course “{course}” ({teacher}).",
    "person_substitute_in": "May stand in for the host of the class “{title}” ({teacher}).",
    "person_address_on_roster": "The address is a further one of a student of the course “{course}” ({teacher}).",
    "person_off_rosters": Plural(
        "rosters", "Taken off the roster of {rosters} course.", "Taken off the rosters of {rosters} courses."
    ),
    "person_in_title": "Not touched: the title “{title}”. Change it by hand.",
    "person_noted": Plural(
        "entries",
        "Not touched: {entries} audit entry names this person; it is kept for {days} days (AUDIT_DAYS).",
        "Not touched: {entries} audit entries name this person; each is kept for {days} days (AUDIT_DAYS).",
    ),
    "person_unreadable": "Not touched: the records of {id}, which nobody can read.",
    "person_erased": Plural(
        "classes",
        "Erased: in {classes} class, seen live {sightings} times. Counts stay as they are.",
        "Erased: in {classes} classes, seen live {sightings} times. Counts stay as they are.",
    ),
    "erase_has_account": "{email} has an account. Remove it first: tracker user remove {email} --to OTHER.",
    "erase_unconfirmed": "Nothing was changed: type yes, or say --yes, to erase all of this for good.",
    "erased_but_in_copy": "{file} is a copy of an earlier database, and has the person in it: delete it.",
    "erased_not_compacted": "The database was in use, so its file may hold traces: the tracker sees to that later.",
    "erased_file_unreadable": "{file} cannot be read. It says who was erased: put it back from a copy, or delete it.",
    "zooms_own_copy": "Zoom has its own copy: the owner of the Zoom account deletes it there, or asks privacy@zoom.us. "
    "Earlier backups, and files that were handed out, have the person in them too.",
    "no_such_course": "This teacher has no course “{course}”.",
    "retention_days_unusable": "The number of days is from 0 (no limit) to {most}.",
}

_OF_HTTP: Mapping[str, Template] = {
    "no_such_address": "There is nothing at this address.",
    "method_not_allowed": "This address does not take that method.",
    "headers_malformed": "The headers are malformed.",
    "length_needed_not_chunks": "Bodies need a Content-Length.",
    "length_needed": "The body needs a Content-Length.",
    "length_malformed": "Content-Length is malformed.",
    "body_too_large": "The body is larger than {most} bytes.",
    "not_json": "The body is not JSON.",
    "not_json_object": "The body is not a JSON object.",
    "stream_id_missing": "streamId is missing.",
    "cron_secret_wrong": "cronSecret is wrong.",
    "cron_secret_not_set": "CRON_SECRET is not set, so this call is closed.",
    "webhook_secret_not_set": "ZOOM_WEBHOOK_SECRET is not set, so webhooks cannot be checked.",
    "timestamp_missing": "The timestamp of the delivery is missing.",
    "wrong_signature": "The signature does not match.",
    "not_fresh": "The delivery is older or newer than five minutes.",
    "not_an_event": "The body is not a Zoom event.",
    "missing_field": "The event lacks its {field}.",
    "length_doubtful": "Two statements on the length of the body contradict each other.",
    "transfer_coding_unknown": "The body comes in a transfer coding other than chunked.",
    "chunks_malformed": "The chunks of the body are malformed.",
    "body_too_slow": "The body came too slowly.",
    "body_cut_off": "The body was cut off.",
    "wrong_signature_of_account": "The signature of an event of this Zoom account does not match: either "
    "ZOOM_WEBHOOK_SECRET is not the Secret Token of the Zoom app, or something on the way changes the body.",
    "body_changed": "The body is not as Zoom signed it: something on the way changes it (packs it, or writes its JSON "
    "anew).",
}

_OF_SUGGESTIONS: Mapping[str, Template] = {
    # Why two people may be one.
    "same_account": "the same Zoom account",
    "same_registration": "the same registration for the meeting",
    "renamed_in_meeting": "renamed in the meeting",
    "name_is_email": "the name of one is the e-mail address of the other",
    "same_name_without_email": "the same name, once without e-mail",
    "same_name_other_email": "the same name, with two e-mail addresses",
    "same_name_other_device": "the same name on another device",
    "same_name_with_pronouns": "the same name, once with pronouns",
    "same_name_with_bracket": "the same name but for what is in brackets",
    "same_name_with_seat_number": "the same name but for a seat number",
    "same_name_other_writing": "the same name, written another way",
    "same_name_other_order": "the same name in another order",
    "one_letter_apart": "one letter apart",
}

# No code is in two of them.
TABLES: tuple[Mapping[str, Template], ...] = (
    *(_OF_ZOOM, _OF_FETCHES, _OF_CLASSES, _OF_PEOPLE, _OF_PEOPLES_DATA, _OF_HTTP, _OF_SUGGESTIONS),
    *(OF_ROSTERS, OF_REPORTS, OF_THE_MACHINE, OF_MAIL, OF_BACKUPS, OF_CONDITIONS, OF_CHECKS, OF_EXAMINATION),
    {f"cure_{code}": cure for code, cure in CURES.items()},
)
SENTENCES: Mapping[str, Template] = {code: template for table in TABLES for code, template in table.items()}
# Where a code is shown without its details, as with the webhooks of a day.
WITHOUT_DETAILS: Mapping[str, Template] = {
    "missing_field": "The event lacks a field.",
    "body_too_large": "The body is too large; Zoom sends none of that size.",
    "earlier_error": "What it was is not known.",
}

# Details of what somebody did that are codes themselves.
CODES_IN_ACTIONS = {"mark": MARKS, "kind": KINDS, "shape": CONTENTS, "role": ROLES, "days": LENGTHS_KEPT}


def sentence(code: str, details: Mapping[str, Detail] | None = None) -> str:
    """The sentence of a code; an unknown code is shown as it is: another program or version may have stored it.

    It never fails: a detail that is missing is shown as "…".
    """
    template = SENTENCES.get(code, "")
    if not details:
        template = WITHOUT_DETAILS.get(code, template)
    return _told(template, details or {}).strip() or code.strip()


def sentence_of(problem: HasCode) -> str:
    """The sentence of a problem, or of an error."""
    return sentence(problem.code, problem.details)


def action_in_words(action: str, details: Mapping[str, Detail]) -> str:
    """What somebody did, in words that follow her name; an unknown code is shown as it is."""
    told = {
        name: gettext(words[str(details[name])])
        for name, words in CODES_IN_ACTIONS.items()
        if str(details.get(name)) in words
    }
    if "reason" in details:
        told["reason"] = sentence(str(details["reason"]))
    template = ACTIONS.get(action)
    if action == "class_changed" and details.get("renamed"):
        template = CLASS_RENAMED_TOO
    if isinstance(days := details.get("days"), int):
        told["days"] = ngettext("{number} day", "{number} days", days)
    return action if template is None else _told(template, {**details, **told})


def origin_in_words(origin: str) -> str:
    """From where somebody acted: an address is shown as it is."""
    return gettext(ORIGINS[origin]) if origin in ORIGINS else origin


def people_in_words(people: int | None, hosts: int = 0) -> str:
    """The figure of a class, the hosts apart: `22 people and the host`; a dash while it is unknown."""
    if people is None:
        return "–"
    if hosts and not people:
        return ngettext("Only the host was there", "Only the {hosts} hosts were there", hosts, hosts=hosts)
    counted = ngettext("{number} person", "{number} people", people)
    return with_hosts(counted, hosts)


def with_hosts(counted: str, hosts: int) -> str:
    """A number of people, and that hosts were with them: `22 people and the host`, `22 people and 2 hosts`."""
    if not hosts:
        return counted
    return ngettext("{people} and the host", "{people} and {hosts} hosts", hosts, people=counted, hosts=hosts)


def name_of_check(code: str) -> str:
    """What a check is called; the code may have a subject after a colon."""
    kind, _, subject = code.partition(":")
    return sentence(f"check_{kind}", {"subject": subject})


def templates() -> Iterator[Template]:
    """Every sentence that stands for a code, for the catalogues."""
    for some in (SENTENCES, WITHOUT_DETAILS, ACTIONS, ORIGINS, *EVERY):
        yield from filter(None, some.values())
    yield CLASS_RENAMED_TOO


def _told(template: Template, details: Mapping[str, Detail]) -> str:
    if isinstance(template, Plural):
        number = details.get(template.by)
        chosen = ngettext_template(template.one, template.several, number if isinstance(number, int) else 2)
    else:
        chosen = gettext_template(template) if template else ""
    return chosen.format_map(Named(details, sentence_of))
