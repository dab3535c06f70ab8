"""What may be wrong with the service (`tracker.health`), and for each what mends it."""

from collections.abc import Mapping

from tracker.messages.details import Template

OF_CONDITIONS: Mapping[str, Template] = {
    # One of them, as a check of `tracker doctor`.
    "condition": "{what} {cure}",
    "tracker_starting": "The tracker is starting: its loop has not turned yet, or the database was not tried yet.",
    "tracker_not_running": "No tracker is running, so no webhook is taken in and no class is counted.",
    "loop_stands": "The tracker's loop has stood for {seconds} s; nothing is fetched meanwhile.",
    "jobs_failing": "Work of the tracker fails by a fault of the program: {jobs}.",
    "database_unreachable": "The database cannot be reached: {cause}.",
    "database_silent": "The database has not answered for {seconds} s.",
    "database_read_only": "The database can be read and not written: {cause}.",
    "database_corrupt": "The database is damaged: {cause}.",
    "database_no_rights": "The database does not let the tracker's user write: {cause}.",
    "database_busy": "Another program keeps the database locked, so that nothing can be stored: {cause}.",
    "database_schema": "The database lacks what this version needs: {cause}.",
    "database_fault": "The database does not work: {cause}.",
    "disk_full": "The disk is full, so nothing more can be stored: {where}.",
    "disk_low": "Little room is left on the disk: {free} MB at {where}.",
    "writes_failed": "Changes that could not be stored within the last minutes: {count}. The last one: {cause}.",
    "clock_off": "The clock of this machine differs from Zoom's by {seconds} s.",
    "zoom_away": "Calls to Zoom ({host}) have failed since {since}: {why}",
    "zoom_tokens_fail": "Zoom has given no access token since {since}: {why}",
    "zoom_calls_refused": "Zoom has refused calls of the app since {since}: {why}",
    "webhooks_never_came": "No webhook of Zoom's has come yet.",
    "webhooks_turned_away": "Webhooks that were refused within the last minutes: {count}. {reasons}",
    "webhooks_failed": "Webhooks that could not be taken in within the last minutes: {count}. Zoom sends them again.",
    "webhooks_silent": "Classes were held, and no webhook of Zoom's has come since {since}.",
    "webhooks_incomplete": "Classes are held and Zoom announces them, but none of these events has come since {since}: "
    "{events}.",
    "webhooks_unsigned": "Webhooks come whose signature does not match: ZOOM_WEBHOOK_SECRET is not the Secret Token of "
    "the Zoom app, or somebody else sends them, or something on the way changes their body.",
    "webhooks_changed": "Zoom's webhooks come with a body that something on the way has changed, so they are refused: "
    "the proxy, tunnel or firewall before the tracker has to pass the body on byte for byte.",
    "settings_misspelt": "{faults}",
    "settings_line_unreadable": "Lines of {file} that cannot be read, so that they set nothing: {lines}.",
    "settings_file_open": "Other users of this machine can open files with secrets: {files}.",
    "versions_differ": "Versions of this program that work on one database at the same time: {versions}.",
    "fetches_late": "Fetches that are due and that nobody takes: {count}.",
    "fetches_stuck": "Classes that could not be fetched in several tries: {count}.",
    "mails_late": "E-mails that are due and that nobody sends: {count}.",
    "mails_failing": "E-mails that could not be sent in several tries: {count}. {why}",
}

_FROM_FEATURE_PAGE = (
    "Copy the Secret Token from the page Feature of the Zoom app into ZOOM_WEBHOOK_SECRET, and start tracker and "
    "dashboard again."
)
_ENDPOINT = (
    "On the page Feature of the Zoom app: the event subscription's endpoint has to be "
    "`https://<your address>/api/webhooks/zoom` and validated, the events Start Meeting and End Meeting chosen, for "
    "all users of the account, and the app activated. `tracker doctor` says more."
)
# What mends each of them, and those whose sentences are among the settings' and the checks'.
CURES: Mapping[str, Template] = {
    "tracker_starting": "Wait a minute. If it stays so, look at the last lines of the tracker's log.",
    "tracker_not_running": "Start it on the machine of this service: `tracker up`, or `tracker serve` beside a "
    "dashboard. What was missed is caught up.",
    "loop_stands": "Wait a few minutes: erasing somebody from a large database can take that long. If it goes on, "
    "start the tracker again, and report the last lines of its log.",
    "jobs_failing": "The tracker's log has the error. Update to the newest version; if it stays, report the error.",
    "database_unreachable": "Check DATABASE_URL, that the database's server runs, or that the file is there and its "
    "folder belongs to the tracker's user. The tracker goes on by itself.",
    "database_silent": "Look whether the database's server hangs, or its disk. After somebody was erased a SQLite file "
    "is compacted, which takes some seconds for each 100 MB.",
    "database_read_only": "See that the file system is not mounted read-only (after a fault of the disk the system "
    "does that), and that file and folder belong to the tracker's user; on PostgreSQL, that this is the primary and "
    "default_transaction_read_only is off.",
    "database_corrupt": "Stop tracker and dashboard, copy the database's files aside, and bring back the latest "
    "backup: `tracker restore FILE`. Then check the disk.",
    "database_no_rights": "Let the user in DATABASE_URL own the tables, or give it SELECT, INSERT, UPDATE and DELETE "
    "on all of them.",
    "database_busy": "See which program has the database open (a backup, a database browser, another tracker that "
    "hangs), and end it.",
    "database_schema": "Start the tracker again: it brings the database to its own version. If that does not help, "
    "`tracker doctor` says what is lacking.",
    "database_fault": "Look into the tracker's log and that of the database's server, and check the disk.",
    "disk_full": "Make room on that disk (old backups, logs, other programs' files), or enlarge it. The tracker goes "
    "on by itself, and Zoom sends again what was refused.",
    "disk_low": "Make room on that disk, or enlarge it, before it is full.",
    "writes_failed": "What Zoom sent comes again, and the tracker repeats its own work. If it goes on, look into the "
    "tracker's log and that of the database's server.",
    "clock_off": "Set up time synchronisation (NTP): webhooks more than 300 s off are refused.",
    "zoom_away": "See that this machine can reach Zoom: name server, firewall, proxy (HTTPS_PROXY), own certificate "
    "authority (REQUESTS_CA_BUNDLE); and status.zoom.us. Fetches wait and go on by themselves.",
    "zoom_tokens_fail": "Check ZOOM_ACCOUNT_ID, ZOOM_CLIENT_ID and ZOOM_CLIENT_SECRET against the app's page App "
    "Credentials, and that the app is activated; then start tracker and dashboard again.",
    "zoom_calls_refused": "Look at the Zoom app: it has to be activated and to have the scopes that `tracker doctor` "
    "names.",
    "zoom_not_connected": "Set ZOOM_ACCOUNT_ID, ZOOM_CLIENT_ID and ZOOM_CLIENT_SECRET, and start tracker and dashboard "
    "again.",
    "webhook_secret_missing": _FROM_FEATURE_PAGE,
    "webhooks_never_came": _ENDPOINT,
    "webhooks_turned_away": "Compare ZOOM_WEBHOOK_SECRET with the Secret Token on the page Feature of the Zoom app; "
    "keep the clock right (NTP); let web server and tunnel pass bodies on as they are. If they are a stranger's, "
    "nothing.",
    "webhooks_failed": "Mend what else is said here of database and disk; the tracker's log has the errors.",
    "webhooks_silent": _ENDPOINT,
    "webhooks_incomplete": "On the page Feature of the Zoom app, in the event subscription, choose these events too, "
    "and save it. The next class that has them ends this.",
    "webhooks_unsigned": _FROM_FEATURE_PAGE,
    "webhooks_changed": "Find what stands between Zoom and the tracker, and switch off whatever in it unpacks, formats "
    "or rewrites bodies.",
    "settings_misspelt": "Write the name as `.env.example` has it, and start tracker and dashboard again.",
    "settings_line_unreadable": "Write each of them as NAME=value on a line of its own, with every quotation mark "
    "closed, and start tracker and dashboard again.",
    "settings_file_open": "Take it from them with `chmod 600`, and start the tracker again.",
    "secrets_weak": "Start tracker and dashboard again with the new ones.",
    "accounts_none": "At the first start, add somebody: `tracker user add EMAIL --role admin`. If there were accounts "
    "before, this is another database, new and empty: look at DATABASE_URL and TRACKER_DATA_DIR, and whether the disk "
    "with the database is there; start tracker and dashboard again, or bring a backup back: `tracker restore FILE`.",
    "versions_differ": "Finish the update: install one version on every machine, and start every tracker and dashboard "
    "again.",
    "fetches_late": "Wait a few minutes: after a break the tracker catches up. If the number does not go down, start "
    "the tracker again, and look into its log.",
    "fetches_stuck": "The page System says for each class what Zoom says, and tries it again.",
    "mails_late": "See that a tracker runs that has the setting SMTP_URL.",
    "mails_failing": "`tracker doctor` signs in to the mail server and says what is wrong.",
}
