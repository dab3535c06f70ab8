"""The attacks that are tried on the product, by name: what somebody does, what becomes of it, and the test that tries.

A new attack is a line here and a test anywhere; the test below holds the two together.
"""

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TESTS = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Attack:
    """An attack. `tried` is the file below `tests/` and, after `::`, the test in it."""

    name: str
    becomes: str
    tried: str


ATTACKS = (
    # Webhooks
    Attack(
        "forged webhook", "refused with 401, nothing is stored", "test_webhook.py::test_a_forged_delivery_is_refused"
    ),
    Attack(
        "stale webhook",
        "refused outside five minutes, both ways",
        "test_routes.py::test_a_webhook_without_zooms_fresh_signature_is_refused",
    ),
    Attack(
        "replayed webhook",
        "changes nothing",
        "test_routes.py::test_a_webhook_that_comes_twice_changes_nothing_the_second_time",
    ),
    Attack(
        "webhook without a secret set",
        "refused: a missing secret opens nothing",
        "test_webhook.py::test_without_a_secret_nothing_is_let_in",
    ),
    Attack(
        "probing for the account by webhooks",
        "every refusal of a signature reads alike",
        "test_routes.py::test_the_cause_of_another_signature_is_counted_and_not_told_to_whoever_sent_it",
    ),
    Attack(
        "flood of forged webhooks, to fill the disk",
        "one line a minute with their number",
        "test_health.py::test_refused_webhooks_are_logged_once_a_minute_with_their_number",
    ),
    Attack(
        "flood of forged webhooks, to raise an alarm",
        "none while Zoom's own come",
        "test_health.py::test_a_flood_of_forged_webhooks_beside_zooms_own_raises_no_alarm",
    ),
    Attack(
        "flood of anything that is logged",
        "some lines a minute and the number of the others",
        "test_logs.py::test_of_a_flood_of_lines_some_are_written_and_the_others_counted",
    ),
    # The tracker's HTTP server
    Attack(
        "a thousand slow clients (Slowloris)",
        "a webhook is answered at once all the same",
        "http_server/test_slow_clients.py::test_a_thousand_connections_that_drip_keep_no_webhook_waiting",
    ),
    Attack(
        "connections without end from one address",
        "the oldest idle ones go, but for a web server in front",
        "http_server/test_slow_clients.py::"
        "test_one_address_has_so_many_connections_waited_for_and_a_web_server_in_front_any_number",
    ),
    Attack(
        "large requests, to fill the memory",
        "a few at a time, and small ones wait for none of them",
        "http_server/test_slow_clients.py::test_large_bodies_wait_for_each_other_and_small_ones_for_none",
    ),
    Attack(
        "a client that reads no answers",
        "its connection ends",
        "http_server/test_slow_clients.py::test_a_client_that_takes_no_answers_is_ended",
    ),
    Attack(
        "a slow head or body",
        "cut off at its deadline",
        "http_server/test_connections.py::test_a_client_that_drips_is_cut_off_at_the_deadline",
    ),
    Attack(
        "a head that is cut off",
        "is not taken for a request",
        "http_server/test_connections.py::test_a_head_that_is_cut_off_gets_no_answer",
    ),
    Attack(
        "endless headers",
        "cut off",
        "http_server/test_connections.py::test_a_client_whose_headers_are_larger_than_any_is_cut_off",
    ),
    Attack("an endless request", "cut off", "fuzz/test_sockets.py::test_what_never_ends_is_cut_off"),
    Attack(
        "an oversized body",
        "413, also in small chunks",
        "http_server/test_bodies.py::test_chunks_of_more_than_the_largest_size_are_refused",
    ),
    Attack(
        "request smuggling by two lengths",
        "400, and what follows is never read as a request",
        "http_server/test_bodies.py::test_what_follows_a_refused_request_is_never_taken_for_another_one",
    ),
    Attack(
        "request smuggling by chunks",
        "400",
        "http_server/test_bodies.py::test_chunks_whose_end_is_in_doubt_are_refused_and_end_the_connection",
    ),
    Attack(
        "random bytes",
        "answered or cut off, and the next one is served",
        "fuzz/test_sockets.py::test_any_bytes_are_answered_or_cut_off_and_the_next_one_is_served",
    ),
    Attack(
        "finding out what runs here",
        "answers name no program and no trace",
        "http_server/test_connections.py::test_answers_tell_nothing_of_what_runs_here",
    ),
    # Tokens and secrets of programs
    Attack(
        "a call without a valid token",
        "401",
        "test_routes_participants.py::test_without_a_valid_token_nobody_gets_in",
    ),
    Attack(
        "a token that was replaced",
        "401",
        "test_routes_participants.py::test_the_token_before_the_last_one_is_worth_nothing",
    ),
    Attack(
        "a guessed CRON_SECRET",
        "401; without one the call is closed",
        "test_routes_participants.py::test_without_a_cron_secret_the_door_is_closed_to_everybody",
    ),
    Attack(
        "using up Zoom's rate by the button",
        "a class is fetched by hand once a minute",
        "test_fetching_on_request.py::test_whoever_asks_within_a_minute_gets_what_the_first_one_got",
    ),
    Attack(
        "a colleague's figures out of the shared minute",
        "403 first",
        "test_fetching_on_request.py::test_who_may_not_see_a_class_does_not_get_what_others_fetched",
    ),
    # Passwords and sign-ins
    Attack(
        "guessing at one account",
        "stopped after 8, also for the right password",
        "test_auth.py::test_guessing_is_stopped_for_a_while_also_for_the_right_password",
    ),
    Attack(
        "guessing at all accounts",
        "stopped by place",
        "test_guessing.py::test_guessing_at_many_accounts_from_one_place_is_stopped",
    ),
    Attack(
        "guessing from many addresses",
        "stopped by account",
        "test_auth.py::test_guessing_from_many_places_is_stopped_as_well",
    ),
    Attack(
        "guessing from an IPv6 network",
        "a /64 is one place",
        "test_guessing.py::test_a_guesser_who_takes_addresses_of_one_network_is_stopped",
    ),
    Attack(
        "locking a teacher out by wrong passwords",
        "not where she has signed in before",
        "test_guessing.py::test_strangers_never_lock_out_a_browser_that_was_signed_in_before",
    ),
    Attack(
        "stopping the dashboard by sign-ins",
        "two passwords at a time, a short queue, a place kept",
        "test_sign_in.py::test_a_crowd_of_strangers_leaves_a_place_for_a_browser_that_was_signed_in_before",
    ),
    Attack(
        "guessing in an open tab",
        "counts as any other guess",
        "test_page_accounts.py::test_an_open_tab_is_no_place_to_guess_the_password",
    ),
    Attack("guessing the second factor", "stopped", "test_second_factor.py::test_codes_are_not_guessed_without_end"),
    Attack(
        "signing in while the account is being closed",
        "not signed in",
        "test_accounts.py::test_an_account_that_is_closed_while_somebody_signs_in_lets_her_not_in",
    ),
    Attack(
        "a stolen cookie after sign-out",
        "worth nothing",
        "test_sign_in.py::test_signing_out_makes_the_token_worthless_wherever_it_was_copied_to",
    ),
    Attack(
        "an open tab after sign-out elsewhere",
        "does nothing any more",
        "test_pages.py::test_an_open_page_is_of_no_use_once_its_person_signed_out_elsewhere",
    ),
    Attack("an expired sign-in", "opens nothing", "test_gate.py::test_an_expired_token_opens_nothing"),
    Attack(
        "a cookie of the attacker's choice (fixation)",
        "replaced by a new one",
        "test_guessing.py::test_the_cookie_of_a_known_browser_is_kept_and_any_other_replaced",
    ),
    Attack(
        "reading the cookie by a script",
        "out of reach",
        "test_sign_in.py::test_the_cookie_is_out_of_reach_of_scripts_and_other_sites",
    ),
    Attack(
        "pages, files and websocket without sign-in",
        "sent to the sign-in",
        "test_gate.py::test_nobody_gets_past_the_gate_without_a_token",
    ),
    Attack(
        "an invitation used twice at once",
        "lets one in",
        "test_page_accounts.py::test_an_invitation_that_is_accepted_twice_at_once_lets_one_in",
    ),
    Attack(
        "another browser's answer of the school's provider",
        "lets nobody in",
        "test_school_account.py::test_an_answer_to_the_sign_in_of_another_browser_lets_nobody_in",
    ),
    Attack(
        "a forged identity token",
        "lets nobody in",
        "test_school_account.py::test_a_token_with_another_signature_lets_nobody_in",
    ),
    Attack(
        "an identity token of another sign-in",
        "lets nobody in",
        "test_school_account.py::test_a_token_that_is_not_for_this_sign_in_lets_nobody_in",
    ),
    # Other sites
    Attack("a form sent from another site", "refused", "test_sign_in.py::test_a_form_from_another_site_is_refused"),
    Attack("an endless form", "not read", "test_sign_in.py::test_a_form_that_is_too_large_is_not_read"),
    Attack(
        "open redirect by the way on",
        "never leads elsewhere",
        "fuzz/test_http_requests.py::test_the_way_on_is_never_elsewhere_wherever_it_is_asked_for",
    ),
    Attack(
        "open redirect and DNS rebinding by the host name",
        "421",
        "attacks/test_web.py::test_dns_rebinding",
    ),
    Attack(
        "DNS rebinding at the practice Zoom",
        "403",
        "practice/test_pages.py::test_other_names_and_other_sites_are_turned_away",
    ),
    # Colleagues
    Attack(
        "a colleague's meeting link, pasted",
        "refused",
        "test_authority.py::test_the_meeting_of_a_colleagues_class_is_not_linked_even_by_one_of_its_hosts",
    ),
    Attack(
        "the start link of a meeting that is no longer hers",
        "refused",
        "test_authority.py::test_the_start_link_of_a_linked_meeting_is_hers_as_long_as_she_hosts_it",
    ),
    Attack(
        "the participants of a meeting that is no longer hers",
        "not fetched",
        "test_authority.py::test_the_participants_of_a_linked_meeting_are_fetched_as_long_as_she_hosts_it",
    ),
    Attack(
        "a colleague's class by its address",
        "not shown",
        "test_browser.py::test_a_teacher_does_not_see_a_colleagues_class_and_an_admin_does",
    ),
    Attack(
        "a teacher who changes accounts",
        "refused",
        "test_accounts.py::test_only_admins_change_accounts",
    ),
    # Hostile texts
    Attack(
        "formulas in names",
        "defused in CSV and Excel",
        "test_report.py::test_a_formula_in_a_name_or_an_address_of_zooms_is_defused_in_both_files",
    ),
    Attack(
        "HTML and Markdown in names",
        "shown as text",
        "test_page_class.py::test_hostile_names_leave_the_page_whole_and_are_nowhere_read_as_markup",
    ),
    Attack(
        "HTML and Markdown in titles",
        "shown as text",
        "test_pages.py::test_a_hostile_title_is_read_as_text_and_not_as_markup",
    ),
    Attack("HTML in the sign-in form", "shown as text", "test_sign_in.py::test_a_hostile_email_comes_back_as_text"),
    Attack(
        "control signs on a terminal",
        "shown as such",
        "test_terminal.py::test_nothing_that_others_have_written_steers_a_terminal",
    ),
    Attack("lines of its own in a log", "one line, without secrets", "test_logs.py::test_no_secret_is_ever_in_a_line"),
    Attack(
        "a link that takes for ever to read",
        "read in no time",
        "test_meeting_link.py::test_reading_hostile_text_takes_no_time",
    ),
    Attack(
        "a Zoom that redirects with our token", "not followed", "test_zoom_failures.py::test_a_redirect_is_not_followed"
    ),
    # The machine
    Attack(
        "another user of the machine who reads files",
        "cannot open them",
        "test_private_files.py::test_data_folder_and_database_are_made_for_their_user_alone",
    ),
    Attack(
        "a stolen database",
        "has hashes of passwords and tokens",
        "test_auth.py::test_only_hashes_of_secrets_are_stored",
    ),
    Attack(
        "an old backup, restored",
        "brings no sign-in or token back",
        "test_restored_ways_in.py::test_a_restore_brings_no_way_in_back_that_may_have_been_revoked_since",
    ),
    Attack(
        "a secret that is easy to guess",
        "named by the doctor",
        "test_doctor.py::test_weak_secrets_are_named_and_not_shown",
    ),
    Attack(
        "listening on the way to Zoom",
        "addresses without https are named by the doctor",
        "test_doctor.py::test_addresses_to_which_secrets_would_travel_unencrypted_are_named",
    ),
)


@cache
def names_in(file: Path) -> set[str]:
    """The tests in a file."""
    tree = ast.parse(file.read_text(encoding="utf-8")) if file.is_file() else ast.Module([], [])
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_attack_has_a_name_of_its_own_and_is_tried() -> None:
    names = [attack.name for attack in ATTACKS]
    assert sorted(names) == sorted(set(names))
    tried = [attack.tried.partition("::") for attack in ATTACKS]
    assert [(file, name) for file, _, name in tried if name not in names_in(TESTS / file)] == []
