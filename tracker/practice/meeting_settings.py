"""The settings of a meeting: what is a fault in them, who can host beside the host, and what the account has locked."""

import re
from collections.abc import Mapping
from typing import Any

from tracker.practice.access import zoom_error
from tracker.practice.state import PracticeState
from tracker.practice.values import DEFAULT_SETTINGS, NO_REGISTRATION

# The types of meetings that can have registrants.
WITH_REGISTRATION = (2, 8)
ALLOWED_SETTINGS: Mapping[str, tuple[object, ...]] = {
    "jbh_time": (0, 5, 10, 15),
    "approval_type": (0, 1, NO_REGISTRATION),
    "registration_type": (1, 2, 3),
    "audio": ("both", "telephony", "voip", "thirdParty"),
    "auto_recording": ("none", "local", "cloud"),
}


def faults_of_settings(given: object) -> list[str]:
    """The names of the settings that cannot be what they are given as."""
    if not isinstance(given, dict):
        return ["settings"]
    known = [key for key in ALLOWED_SETTINGS if key in given]
    faults = [key for key in known if given[key] not in ALLOWED_SETTINGS[key]]
    switches = [key for key in given if isinstance(DEFAULT_SETTINGS.get(key), bool)]
    faults += [key for key in switches if not isinstance(given[key], bool)]
    faults += ["alternative_hosts"] if not isinstance(given.get("alternative_hosts", ""), str) else []
    return [f"settings.{key}" for key in faults]


def settle(state: PracticeState, host: str, kind: int, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that a meeting of this host and type gets: what the account has locked is changed without a word.

    There is no registration on a free plan, for a host without a licence, for other types than 2 and 8, and under a
    personal meeting id.

    Raises the error for an alternative host who is no licensed user of the account. Zoom tells of the first one only.
    """
    hosts = [one.strip() for one in re.split("[;,]", settings["alternative_hosts"]) if one.strip()]
    for one in hosts:
        if not state.users.is_licensed(one):
            reason = "because the user cannot be selected at this time."
            raise zoom_error(400, 1114, f"Unable to assign '{one}' as an alternative host {reason}")
    emails = [state.users.email_of(one) or one for one in hosts]
    settled = {**settings, "alternative_hosts": ";".join(emails), **state.locked_settings}
    licensed = state.settings.plan != "free" and state.users.is_licensed(host)
    if not licensed or kind not in WITH_REGISTRATION or settled["use_pmi"]:
        settled["approval_type"] = NO_REGISTRATION
    return settled
