"""What `tracker doctor` finds in the database, of Zoom and others, and on the way from Zoom to the tracker."""

from collections.abc import Mapping

from tracker.messages.details import Template

_NAMES: Mapping[str, Template] = {
    "check_settings": "settings",
    "check_settings_read": "settings",
    "check_conditions": "what is found wrong",
    "check_schema": "schema",
    "check_integrity": "database file",
    "check_disk": "disk",
    "check_plan": "Zoom plan",
    "check_teachers": "teachers at Zoom",
    "check_lists": "Zoom's lists",
    "check_events": "whose webhooks",
    "check_school_account": "school account",
    "check_public": "way from Zoom",
    "check_public_name": "name of the dashboard",
}

_DATABASE: Mapping[str, Template] = {
    "schema_as_expected": "Tables, columns, indexes and triggers are those of this version.",
    "schema_other": "It is not as this version makes it: {differences:; }. What is missing comes back with a restored "
    "backup, or by hand as the migrations make it; what is unknown belongs to another program, or is to be taken away.",
    "schema_table_missing": "table {table} is missing",
    "schema_table_unknown": "table {table} is unknown",
    "schema_column_missing": "column {table}.{column} is missing",
    "schema_column_unknown": "column {table}.{column} is unknown",
    "schema_column_type": "column {table}.{column} is {found} and should be {expected}",
    "schema_column_nullable": "column {table}.{column} may be empty and should not",
    "schema_column_not_nullable": "column {table}.{column} may not be empty and should",
    "schema_column_default": "column {table}.{column} has another default",
    "schema_index_missing": "index {name} of {table} is missing",
    "schema_index_unknown": "index {name} of {table} is unknown",
    "schema_constraint_missing": "constraint {name} of {table} is missing",
    "schema_constraint_unknown": "constraint {name} of {table} is unknown",
    "schema_trigger_missing": "trigger {name} of {table} is missing or switched off",
    "schema_trigger_unknown": "trigger {name} of {table} is unknown",
    "integrity_whole": "SQLite finds no damage.",
    "integrity_broken": "SQLite finds damage: {found}. Stop tracker and dashboard, and restore the last backup: "
    "tracker restore FILE.",
    "integrity_large": "No damage was found in {seconds} seconds, which were too few to look at all of it; in full: "
    "sqlite3 {file} 'PRAGMA quick_check'.",
    "integrity_of_postgresql": "PostgreSQL looks after its own files.",
    "disk_has_room": "{free} MB are free.",
    "disk_nearly_full": "Only {free} MB are free where {folders} is: make room, or nothing can be stored soon.",
    "waits_for_database": "It could not be checked. The database cannot be used, see there.",
}

_SETTINGS: Mapping[str, Template] = {
    "settings_known": "Every name is known.",
    "settings_of_others": "Names in the settings file that are none of this program's, and change nothing: {names}.",
    "settings_amiss": "{faults}",
    "setting_misspelt": "{name} is no setting: {like} may be meant.",
    "not_checked": "It could not be checked. {why}",
    "fault_of_program": "It is a fault of this program ({kind}), which the log has.",
    "several": "{sentences}",
}

_UNREACHABLE: Mapping[str, Template] = {
    "unreachable_name_unknown": "The name {host} is not known: look for a typing error, and at this machine's DNS.",
    "unreachable_refused": "{host} refuses the connection: nothing listens at that port, or a firewall refuses it.",
    "unreachable_no_route": "There is no way from this machine's network to {host}: look at its network and firewall.",
    "unreachable_time_out": "{host} does not answer in time: a firewall may drop the connection; if the way out is a "
    "proxy, set HTTPS_PROXY.",
    "unreachable_proxy": "The proxy on the way to {host} cannot be reached, or refuses: look at HTTPS_PROXY, "
    "and at the user and password in it; NO_PROXY names what needs no proxy.",
    "unreachable_certificate_untrusted": "The certificate of {host} is of an authority that this machine does not "
    "trust: if your network has an authority of its own, set REQUESTS_CA_BUNDLE to a file with its certificate and the "
    "public ones.",
    "unreachable_certificate_out_of_date": "The certificate of {host} is out of date, or this machine's clock is "
    "wrong.",
    "unreachable_certificate_of_another": "The certificate of the server is not for {host}: look for a typing error, "
    "and whether something else answers there.",
    "unreachable_tls": "No encrypted connection to {host} can be made: what answers there speaks no TLS, or a version "
    "that is too old.",
    "unreachable_ca_file": "The file of REQUESTS_CA_BUNDLE or SSL_CERT_FILE is not there, or has no certificates.",
    "unreachable_broken_off": "{host} broke the connection off: something on the way, or the server, is in trouble.",
}

_ZOOM: Mapping[str, Template] = {
    "waits_for_zoom": "It could not be checked. Zoom is not connected, see there.",
    "plan_as_said": "Zoom's answers show the plan {said}, as ZOOM_PLAN says.",
    "plan_larger": "ZOOM_PLAN is {said}; Zoom would take the calls of {found}, so it could be set to that.",
    "plan_smaller": "ZOOM_PLAN is {said}, and Zoom takes no more calls than for {found}: set ZOOM_PLAN to {found}, or "
    "Zoom refuses some.",
    "plan_free": "Zoom's plan is free, as ZOOM_PLAN says: it gives no lists, so classes are counted by webhooks alone.",
    "plan_not_free": "ZOOM_PLAN is {said}, and Zoom gives lists of participants to paid accounts only: get a paid "
    "plan, or set ZOOM_PLAN to free, and classes are counted by webhooks alone.",
    "plan_not_told": "ZOOM_PLAN is {said}; Zoom's answers do not show which plan it is.",
    "teachers_none": "There is no teacher yet.",
    "teachers_in_order": "Zoom has an active user for each that was asked for ({asked} of {all}).",
    "teachers_amiss": "{faults}",
    "teachers_scope": "The app lacks the scope {scope}, which is for this alone: add it on the app's page Scopes.",
    "teacher_unknown": "Zoom has no user {user}, so {teacher} can hold no classes: invite that address in Zoom, or say "
    "which user it is: tracker user add {teacher} --role teacher --zoom-user ID (for a new account).",
    "teacher_inactive": "The Zoom user {user} of {teacher} is deactivated: activate it in Zoom's User Management.",
    "teacher_pending": "The Zoom user {user} of {teacher} has not accepted the invitation in Zoom's e-mail yet.",
    "teacher_basic": "The Zoom user {user} of {teacher} has no licence, so Zoom ends meetings after 40 minutes: assign "
    "one in Zoom's User Management.",
    "lists_few": "Too few classes to say anything: {classes}.",
    "lists_in_order": "The lists of the last classes have people and names ({classes} classes).",
    "lists_none": "Zoom gave no list of {count} of the last {classes} classes. It has none of a meeting with one "
    'participant, unless "Show one person meetings" is on in the account\'s settings (Reports); else look at the plan.',
    "lists_alone": "In {count} of the last {classes} classes the list has one person at most: see that the students "
    "use the classes' own links, and compare with Zoom's page Reports.",
    "lists_nameless": "In {count} of the last {classes} classes nobody in the list has a name: accounts with a HIPAA "
    "agreement withhold names; ask Zoom, or whoever manages the account.",
    "events_not_known": "Whether webhooks tell of all teachers shows when classes of several were held.",
    "events_of_all": "Webhooks came for classes of {teachers} teachers.",
    "events_of_some": "Webhooks came for classes of {heard} and for none of {missing}: in the Zoom app's event "
    "subscription choose the events of all users of the account.",
}

_SCHOOL_ACCOUNT: Mapping[str, Template] = {
    "school_account_off": "Off: OIDC_ISSUER is not set.",
    "school_account_incomplete": "OIDC_ISSUER is set, and OIDC_CLIENT_ID or OIDC_CLIENT_SECRET is not, so nobody can "
    "sign in that way.",
    "school_account_in_order": "{issuer} answers.",
    "school_account_unreachable": "The provider {issuer} cannot be used. {cause}",
    "school_account_misnamed": "What answers there is no provider of that name: compare OIDC_ISSUER letter by letter "
    "with what it says of itself at /.well-known/openid-configuration.",
}

_PUBLIC: Mapping[str, Template] = {
    "public_no_address": "{url} is no web address: give the one that Zoom has, beginning with https://.",
    "public_not_https": "{url} is not encrypted, and Zoom sends to https:// alone.",
    "public_reached": "{url} leads to the tracker, which gave the answer that Zoom wants in {seconds} s.",
    "public_slow": "{url} leads to the tracker, and the answer took {seconds} s; Zoom waits for 3 s.",
    "public_redirected": "{url} sends on to {to} (status {status}), and Zoom does not follow: give Zoom that address, "
    "or take the redirect away.",
    "public_not_passed_on": "The web server at {host} answers {status} itself: have it pass {url} on to the tracker.",
    "public_dashboard": "{url} leads to the dashboard: have the web server pass that path on to the tracker.",
    "public_other_path": "The tracker answers, and was asked for another path (status {status}): the web server has to "
    "pass /api/webhooks/zoom on as it is.",
    "public_tracker_away": "The web server at {host} answers, and the tracker behind it does not (status {status}): "
    "start the tracker, and compare the web server's address for it with TRACKER_HOST and TRACKER_PORT.",
    "public_no_secret": "The tracker answers, and has no ZOOM_WEBHOOK_SECRET: start it again with the present "
    "settings.",
    "public_headers_lost": "The tracker was reached without the header x-zm-request-timestamp: have the web server "
    "pass on all headers.",
    "public_body_changed": "The tracker was reached with a body that something on the way had changed: web server, "
    "tunnel or firewall have to pass it on byte for byte.",
    "public_clock_off": "The tracker's clock is more than 5 minutes off this machine's: set up time synchronisation "
    "(NTP).",
    "public_other_secret": "The tracker that answers has another ZOOM_WEBHOOK_SECRET than this command: start it again "
    "with the present settings; or the web server takes the header x-zm-signature away, or it is another one.",
    "public_other_token": "What answers at {url} gives an answer signed with another secret: it is another "
    "installation, or the web server answers from a cache.",
    "public_other_answer": "What answers at {url} (status {status}) is not the tracker: have the web server pass that "
    "path on to it.",
    "public_blocked": "Something before the tracker refuses the request (status {status}): a sign-in, firewall or bot "
    "protection has to let {url} through.",
    "public_name_unknown": "The dashboard refuses browsers that come by the name {host}: add it to ALLOWED_HOSTS, and "
    "start the dashboard again.",
    "public_no_answer": "The answer of {host} cannot be read.",
    "public_certificate_untrusted": "The certificate of {host} is of no public authority, or the intermediate "
    "certificate is missing, so Zoom refuses it: use one of a public authority, with its whole chain.",
    "public_certificate_out_of_date": "The certificate of {host} is out of date, so Zoom refuses it: renew it.",
    "public_certificate_of_another": "The certificate of the server is not for {host}, so Zoom refuses it.",
}

OF_EXAMINATION: Mapping[str, Template] = {
    **_NAMES,
    **_DATABASE,
    **_SETTINGS,
    **_UNREACHABLE,
    **_ZOOM,
    **_SCHOOL_ACCOUNT,
    **_PUBLIC,
}
