"""What is told to whoever runs this service: of the machine, backups, health, and the checks of `tracker doctor`."""

from collections.abc import Mapping

from tracker.messages.details import Template

OF_THE_MACHINE: Mapping[str, Template] = {
    "no_sample_data": "There is no sample data on this machine.",
    "sample_data_in_use": "{file} cannot be removed: {reason}. Stop the demo first, if it runs.",
    "sample_data_with_real_class": "{file} has a class of a real Zoom, so it is not removed.",
    "settings": "The settings need attention: {faults:; }.",
    "setting_given_twice": "{name} and {name}_FILE are both set; keep one",
    "setting_file_unreadable": "the file that {name}_FILE names cannot be read",
    "env_file_not_utf8": "{file} is not UTF-8 text; save it as UTF-8",
    "setting_no_address": "{name} must be an http or https address",
    "setting_no_choice": "{name} must be one of {choices}",
    "setting_no_addresses": "{name} must be a list of addresses or networks, like 10.0.0.1,10.1.0.0/16",
    "setting_no_host_names": "{name} must be a list of host names, like attendance.school.example,*.school.example",
    "setting_no_mail_server": "{name} must be the address of a mail server, like "
    "smtp://user:password@mail.school.example or smtps://mail.school.example:465",
    "setting_no_sender": "{name} must be an e-mail address, like news@school.example or School <news@school.example>",
    "setting_needed_with": "{name} must be set where {other} is",
    "setting_no_number": "{name} must be a whole number from {least} to {most}",
    "database_url_unusable": "DATABASE_URL must begin with sqlite:/// or postgresql://",
    "postgres_driver_missing": 'for PostgreSQL install its driver: pip install "psycopg[binary]"',
    "database_older": "The database at {where} is of an older version of this program; it is brought up to date when "
    "the tracker starts (tracker up).",
    "database_newer": "the database belongs to a newer version of this program (schema {found}, and this one knows "
    "{newest}): install that version again, or go back to the copy that was made before the upgrade",
    "database_away": "The database cannot be reached right now.",
    "accounts_none_for_person": "There is no account here yet. If you had one, please tell whoever runs this service.",
    "database_away_for_person": "The database cannot be reached right now. Please try again in a moment.",
    "database_away_for_operator": "The database cannot be reached; check DATABASE_URL and that its server runs.",
    "database_away_because": "The database cannot be reached; check DATABASE_URL and that its server runs ({cause}).",
    "database_unwritable": "The database cannot be written ({cause}); check that its file and folder belong to the "
    "user who runs this, and that the disk is not full.",
    "port_in_use": "Port {port} is in use by another program; stop that one, or choose other ports with TRACKER_PORT "
    "and DASHBOARD_PORT.",
    "dashboard_port_in_use": "Port {port} is in use by another program; choose another with DASHBOARD_PORT.",
    "dashboard_port_taken_by_demo": "DASHBOARD_PORT must be neither TRACKER_PORT nor the one after it, which the "
    "practice Zoom uses.",
    "dashboard_not_started": "The dashboard did not start; its messages are above.",
    "dashboard_not_answering": "The dashboard did not answer within a minute.",
    "host_elsewhere": "TRACKER_HOST is {host}, which is no address of this machine.",
    "practice_zoom_not_started": "The practice Zoom cannot start: {reason}.",
    "fetch_which": "Say which class to fetch, or --all-due.",
    "retry_which": "Say which class to try again, or --all.",
    "workbook_on_terminal": "An Excel file is nothing for a terminal: name a file with --out.",
    "file_unreadable": "{file} cannot be read: {reason}.",
    "file_unwritable": "{file} cannot be written: {reason}.",
    "argument_not_text": "The value of {name} is not valid text.",
}

OF_MAIL: Mapping[str, Template] = {
    "mail_server_unreachable": "The mail server {host} cannot be reached: check SMTP_URL, and that this machine may "
    "connect to its port {port}.",
    "mail_server_silent": "The mail server {host} does not answer: check SMTP_URL (port 465 goes with smtps://, port "
    "587 with smtp://).",
    "mail_server_odd": "What answers at {host}, port {port}, is no mail server: check SMTP_URL.",
    "mail_server_broke_off": "The mail server {host} broke the connection off.",
    "mail_server_without_tls": "The mail server {host} offers no encryption, so nothing is sent to it. Use smtps:// if "
    "it has that; for a server on this machine add ?tls=none to SMTP_URL.",
    "mail_certificate_untrusted": "The certificate of the mail server {host} cannot be trusted, so nothing is sent to "
    "it: {reason}.",
    "mail_tls_failed": "No encrypted connection to the mail server {host} can be made: check SMTP_URL (port 465 goes "
    "with smtps://, port 587 with smtp://).",
    "mail_sign_in_refused": "The mail server {host} refuses user and password of SMTP_URL: {answer}",
    "mail_sign_in_not_offered": "The mail server {host} has no way to sign in with user and password.",
    "mail_sender_refused": "The mail server {host} does not let SMTP_FROM send: {answer}",
    "mail_server_busy": "The mail server {host} takes no e-mails at the moment: {answer}",
    "mail_put_off": "The mail server does not take this e-mail now: {answer}",
    "mail_refused": "The mail server refuses this e-mail for good: {answer}",
    "mail_address_unusable": "The address of this account is none that e-mails can be sent to.",
    "mail_perhaps_sent": "The connection broke off while this e-mail was handed over. It has perhaps arrived, and is "
    "not sent a second time.",
    "mail_too_late": "It could not be sent in time, and is out of date.",
    "mail_nothing_to_say": "There was nothing to tell.",
    "mail_not_wanted": "It is not wanted any more.",
}

OF_BACKUPS: Mapping[str, Template] = {
    "no_database": "There is no database at {where} yet; it is made when the tracker starts (tracker up) or somebody "
    "is added (tracker user add EMAIL --role admin).",
    "no_file": "There is no file {file}.",
    "backup_in_use": "{file} is a database in use; choose another name for the backup.",
    "backup_unwritable": "The backup {file} could not be written: {reason}.",
    "backup_is_database": "{file} is the database itself.",
    "no_copy_before_upgrade": "The database is of an older version and is left as it is, since no copy of it could be "
    "made before the upgrade: {file} cannot be written ({reason}). Make room on that disk, and start again.",
    "backup_of_before_exists": "{file} exists already.",
    "backup_by_postgresql": "This database is PostgreSQL, which has tools of its own; run {command}.",
    "database_without_file": "DATABASE_URL names no file.",
    "database_written_to": "The database is being written to; stop tracker and dashboard, and try again.",
    "database_locked": "The database is locked by another program; try again later.",
    "database_not_replaceable": "The present database cannot be replaced where it is ({reason}): stop tracker and "
    "dashboard, move {file} away with the files -wal and -shm beside it, and try again.",
    "restore_failed": "{file} could not be restored: {reason}.",
    "backup_cut_off": "{file} is damaged: its end is missing.",
    "backup_unreadable": "{file} is no backup of this program, or is damaged: {reason}.",
    "backup_newer": "{file} is of a newer version of this program, or of another program.",
    "backup_with_other_tables": "{file} is of another program: its tables are not ours.",
    "backup_without_table": "{file} is of another program: it has no table {table}.",
}

OF_CHECKS: Mapping[str, Template] = {
    # Their names; `subject` is what follows the colon of a check's code.
    "check_settings_file": "settings file",
    "check_data_folder": "data folder",
    "check_database": "database",
    "check_files": "files",
    "check_secrets": "secrets",
    "check_proxies": "web servers in front",
    "check_hosts": "host names",
    "check_addresses": "addresses",
    "check_people": "people",
    "check_retention": "retention",
    "check_erased": "erased people",
    "check_copies": "copies",
    "check_trackers": "trackers",
    "check_webhook_secret": "webhook secret",
    "check_webhooks": "webhooks",
    "check_cron_secret": "cron secret",
    "check_zoom": "zoom",
    "check_scope": "scope {subject}",
    "check_scopes": "scopes",
    "check_ports": "ports",
    "check_optional_scopes": "optional scopes",
    "check_clock": "clock",
    "check_mail": "e-mail",
    "check_condition": "found wrong ({subject})",
    # What they found.
    "env_file_read": "{file} is read.",
    "env_file_open": "{file} is read, and other users of this machine can open it: chmod 600 {file}.",
    "env_file_missing": "{file} is not there, so the environment alone counts.",
    "data_folder_there": "{folder} is there.",
    "data_folder_missing": "{folder} is made when something is written.",
    "database_in_order": "{kind}, schema up to date, fetches due: {due}, given up: {given_up}.",
    "files_ours": "Other users of this machine cannot open data folder and database.",
    "files_open": "Other users of this machine can open {files}; folders should have the mode 700, files 600.",
    "secrets_strong": "None is short, repeated or easy to guess.",
    "secrets_weak": "Short, used twice, or easy to guess: {names}; make new ones, at random and at least 16 characters "
    "long (the Zoom app and your provider make theirs themselves).",
    "proxies_any": "FORWARDED_ALLOW_IPS is *, so anybody may say from which address they come; name the web servers in "
    "front.",
    "hosts_any": "ALLOWED_HOSTS is *, so another site can have its name lead to the dashboard; name your own.",
    "addresses_encrypted": "Secrets travel encrypted.",
    "addresses_plain": "Secrets would travel unencrypted: {names} should begin with https://.",
    "accounts": "Accounts: {count}.",
    "accounts_none": "There is no account in the database, so nobody can sign in.",
    "retention_off": "Off: names of participants are kept without limit (RETENTION_DAYS).",
    "retention_on": "Days that names are kept: {days} (courses with days of their own: {courses}). Due now: {due}.",
    "erased_kept": "Addresses, names and joinings of erased people: {count}.",
    "erased_lacking": "Erased people may still be in this database ({lacking}): start the tracker to erase them.",
    "copies_none": "No copy of an earlier state lies beside the database.",
    "copies_kept": "Beside the database lie earlier states of it, with people's data in them: {files}. Those made "
    "before an upgrade go by themselves after {days} days; delete those of a restore when nobody needs them.",
    "ports_ours": "Nothing but this installation listens at TRACKER_PORT and DASHBOARD_PORT of this machine.",
    "port_of_another_program": "Another program listens at port {port} ({setting}), or one of ours of an earlier "
    "version: stop it, or choose another port with {setting}, and start tracker and dashboard again.",
    "port_of_another_installation": "What listens at port {port} ({setting}) has another database than this command. "
    "If it is another installation, stop it, or choose another port with {setting}; if it is this one, it was started "
    "with another DATABASE_URL or TRACKER_DATA_DIR. Then start tracker and dashboard again.",
    "port_silent": "What listens at port {port} ({setting}) gives no answer: start tracker and dashboard again; if it "
    "is another program, choose another port with {setting}.",
    "port_deaf": "The tracker has given signs of life until a moment ago, and nobody listens at its port {port} "
    "({setting}): start it again.",
    "dashboard_unwell": "The dashboard that listens at port {port} ({setting}) cannot use its database, and this "
    "command can: compare DATABASE_URL in the dashboard's own settings and environment, and start it again.",
    "trackers_running": "Running: {names}.",
    "trackers_none": "None is running; start one: tracker up.",
    "webhook_secret_set": "ZOOM_WEBHOOK_SECRET is set.",
    "webhook_secret_missing": "ZOOM_WEBHOOK_SECRET is not set, so every webhook is refused: copy the Secret Token from "
    "the app's Feature page.",
    "webhooks_silent_since": "Classes were held since {since} without any. {more}",
    "webhooks_unsigned_today": "{alarm} {refused}",
    "webhooks_last": "The last one came: {moment}. {refused}",
    "webhooks_none_yet": "The last one came: not yet. {refused}",
    "webhooks_refused": "Refused today {count} ×: {reason}",
    "webhooks_mending": "On the page Feature of the Zoom app: the event subscription's endpoint has to be "
    "https://<your address>/api/webhooks/zoom and validated, the events Start Meeting and End Meeting chosen, and the "
    "app activated; your web server has to pass that path on to the tracker with its body as it is; and "
    "ZOOM_WEBHOOK_SECRET has to be the Secret Token of that page.",
    "cron_secret_set": "CRON_SECRET is set.",
    "cron_secret_unused": "CRON_SECRET is not set: POST /api/zoom/participants stays closed, which is fine if unused.",
    "zoom_in_order": "{host} accepts the app's credentials.",
    "zoom_asked": "{error} Asked was {host}.",
    "scope_granted": "granted.",
    "scope_missing": "missing, needed for {purpose}: add it to the app's Scopes page. If it is ticked there, the role "
    "of whoever made the app lacks the privileges that go with it (Users and Meetings: view and edit).",
    "scopes_granted": "{granted} of {all} are granted.",
    "for_fetching": "fetching participants",
    "for_creating": "creating the meeting of a class",
    "for_start_link": "the host's start link",
    "for_moving": "moving a class",
    "for_cancelling": "cancelling a class",
    "for_lost_sessions": "finding a session whose webhook was lost",
    "for_seeing_live": "seeing who is in class now",
    "for_registering": "registering the students of a course",
    "for_registered": "seeing who is registered already",
    "for_making_once": "never making a meeting twice where an answer of Zoom's is lost",
    "scope_may_lack": "{scope} ({purpose})",
    "scopes_may_lack": "Not granted, and not needed now: {scopes:, }.",
    "scopes_optional_granted": "All are granted that could be of use.",
    "clock_unknown": "Zoom did not say what time it has.",
    "clock_ahead": "{seconds} s ahead of Zoom's. {advice}",
    "clock_behind": "{seconds} s behind Zoom's. {advice}",
    "webhooks_none_since_start": "None has come since the tracker started ({since}). {more}",
    "webhooks_never_validated": "Zoom has not validated the address yet: press Validate beside the event "
    "subscription's endpoint, on the page Feature of the Zoom app.",
    "webhooks_validated": "Zoom validated the address last at {moment}.",
    "webhooks_of_all_users": "Check that the event subscription is for all users of the account: one that is for "
    "yourself alone tells nothing of other teachers' meetings.",
    "mail_off": "Off: SMTP_URL is not set, so no e-mails are sent.",
    "mail_plain": "E-mails, and the password, travel to {host} unencrypted: take ?tls=none out of SMTP_URL.",
    "mail_in_order": "{host} takes e-mails. Due: {due}, given up: {given_up}. {latest}",
    "clock_advice": "Set up time synchronisation (NTP): webhooks more than 5 minutes off are refused.",
}
