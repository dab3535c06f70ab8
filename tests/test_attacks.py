# ruff: noqa: E501 - a line is as wide as its table
"""The attacks that are tried on the product, by name: what somebody does, what becomes of it, and the test that tries.

A new attack is a line here and a test anywhere; the tests below hold the two together.
"""

import ast
from functools import cache
from pathlib import Path

TESTS = Path(__file__).resolve().parent

ATTACKS = """
# Webhooks
forged webhook                                                     | refused with 401, nothing is stored                    | test_webhook.py::test_a_forged_delivery_is_refused
stale webhook                                                      | refused outside five minutes, both ways                | test_routes.py::test_a_webhook_without_zooms_fresh_signature_is_refused
replayed webhook                                                   | changes nothing                                        | test_routes.py::test_a_webhook_that_comes_twice_changes_nothing_the_second_time
webhook without a secret set                                       | refused: a missing secret opens nothing                | test_webhook.py::test_without_a_secret_nothing_is_let_in
probing for the account by webhooks                                | every refusal of a signature reads alike               | test_routes.py::test_the_cause_of_another_signature_is_counted_and_not_told_to_whoever_sent_it
flood of forged webhooks, to fill the disk                         | one line a minute with their number                    | test_health.py::test_refused_webhooks_are_logged_together_with_their_number
flood of forged webhooks, to raise an alarm                        | none while Zoom's own come                             | test_health.py::test_a_flood_of_forged_webhooks_beside_zooms_own_raises_no_alarm
flood of anything that is logged                                   | some lines a minute and the number of the others       | test_logs.py::test_of_a_flood_of_lines_some_are_written_and_the_others_counted

# The tracker's HTTP server
a thousand slow clients (Slowloris)                                | a webhook is answered at once all the same             | http_server/test_slow_clients.py::test_a_thousand_connections_that_drip_keep_no_webhook_waiting
connections without end from one address                           | the oldest idle ones go, but for a web server in front | http_server/test_slow_clients.py::test_one_address_has_so_many_connections_waited_for_and_a_web_server_in_front_any_number
large requests, to fill the memory                                 | a few at a time, and small ones wait for none of them  | http_server/test_slow_clients.py::test_large_bodies_wait_for_each_other_and_small_ones_for_none
a client that reads no answers                                     | its connection ends                                    | http_server/test_slow_clients.py::test_a_client_that_takes_no_answers_is_ended
a slow head or body                                                | cut off at its deadline                                | http_server/test_connections.py::test_a_client_that_drips_is_cut_off_at_the_deadline
a head that is cut off                                             | is not taken for a request                             | http_server/test_connections.py::test_a_head_that_is_cut_off_gets_no_answer
endless headers                                                    | cut off                                                | http_server/test_connections.py::test_a_client_whose_headers_are_larger_than_any_is_cut_off
an endless request                                                 | cut off                                                | fuzz/test_sockets.py::test_what_never_ends_is_cut_off
an oversized body                                                  | 413, also in small chunks                              | http_server/test_bodies.py::test_chunks_of_more_than_the_largest_size_are_refused
request smuggling by two lengths                                   | 400, and what follows is never read as a request       | http_server/test_bodies.py::test_what_follows_a_refused_request_is_never_taken_for_another_one
request smuggling by chunks                                        | 400                                                    | http_server/test_bodies.py::test_chunks_whose_end_is_in_doubt_are_refused_and_end_the_connection
random bytes                                                       | answered or cut off, and the next one is served        | fuzz/test_sockets.py::test_any_bytes_are_answered_or_cut_off_and_the_next_one_is_served
finding out what runs here                                         | answers name no program and no trace                   | http_server/test_connections.py::test_answers_tell_nothing_of_what_runs_here

# Tokens and secrets of programs
a call without a valid token                                       | 401                                                    | test_routes_participants.py::test_without_a_valid_token_nobody_gets_in_and_it_is_logged
a token that was replaced                                          | 401                                                    | test_routes_participants.py::test_the_token_before_the_last_one_is_worth_nothing
a guessed CRON_SECRET                                              | 401; without one the call is closed                    | test_routes_participants.py::test_without_a_cron_secret_the_door_is_closed_to_everybody
using up Zoom's rate by the button                                 | a class is fetched by hand once a minute               | fetching/test_fetching_on_request.py::test_whoever_asks_within_a_minute_gets_what_the_first_one_got
a colleague's figures out of the shared minute                     | 403 first                                              | fetching/test_fetching_on_request.py::test_who_may_not_see_a_class_does_not_get_what_others_fetched

# Passwords and sign-ins
guessing at one account                                            | stopped after 8, also for the right password           | accounts/test_auth.py::test_guessing_is_stopped_for_a_while_also_for_the_right_password
guessing at all accounts                                           | stopped by place                                       | test_guessing.py::test_guessing_at_many_accounts_from_one_place_is_stopped
guessing from many addresses                                       | stopped by account                                     | accounts/test_auth.py::test_guessing_from_many_places_is_stopped_as_well
guessing from an IPv6 network                                      | a /64 is one place                                     | test_guessing.py::test_a_guesser_who_takes_addresses_of_one_network_is_stopped
locking a teacher out by wrong passwords                           | not where she has signed in before                     | test_guessing.py::test_strangers_never_lock_out_a_browser_that_was_signed_in_before
stopping the dashboard by sign-ins                                 | two passwords at a time, a short queue, a place kept   | test_sign_in.py::test_a_crowd_of_strangers_leaves_a_place_for_a_browser_that_was_signed_in_before
guessing in an open tab                                            | counts as any other guess                              | pages/test_accounts.py::test_an_open_tab_is_no_place_to_guess_the_password
guessing the second factor                                         | stopped                                                | test_second_factor.py::test_codes_are_not_guessed_without_end
signing in while the account is being closed                       | not signed in                                          | accounts/test_accounts.py::test_an_account_that_is_closed_while_somebody_signs_in_lets_her_not_in
a stolen cookie after sign-out                                     | worth nothing                                          | test_sign_in.py::test_signing_out_makes_the_token_worthless_wherever_it_was_copied_to
an open tab after sign-out elsewhere                               | does nothing any more                                  | pages/test_every_page.py::test_an_open_page_is_of_no_use_once_its_person_signed_out_elsewhere
an expired sign-in                                                 | opens nothing                                          | test_gate.py::test_an_expired_token_opens_nothing
a cookie of the attacker's choice (fixation)                       | replaced by a new one                                  | test_guessing.py::test_the_cookie_of_a_known_browser_is_kept_and_any_other_replaced
reading the cookie by a script                                     | out of reach                                           | test_sign_in.py::test_the_cookie_is_out_of_reach_of_scripts_and_other_sites
pages, files and websocket without sign-in                         | sent to the sign-in                                    | test_gate.py::test_nobody_gets_past_the_gate_without_a_token
an invitation used twice at once                                   | lets one in                                            | pages/test_accounts.py::test_an_invitation_that_is_accepted_twice_at_once_lets_one_in
another browser's answer of the school's provider                  | lets nobody in                                         | test_school_account.py::test_an_answer_to_the_sign_in_of_another_browser_lets_nobody_in
a forged identity token                                            | lets nobody in                                         | test_school_account.py::test_a_token_with_another_signature_lets_nobody_in
an identity token of another sign-in                               | lets nobody in                                         | test_school_account.py::test_a_token_that_is_not_for_this_sign_in_lets_nobody_in

# Other sites
a form sent from another site                                      | refused                                                | test_sign_in.py::test_a_form_from_another_site_is_refused
an endless form                                                    | not read                                               | test_sign_in.py::test_a_form_that_is_too_large_is_not_read
open redirect by the way on                                        | never leads elsewhere                                  | fuzz/test_http_requests.py::test_the_way_on_is_never_elsewhere_wherever_it_is_asked_for
open redirect by the choice of a language                          | leads to Today                                         | test_language_choice.py::test_the_way_back_that_a_form_names_stays_on_this_server
a language chosen by another site                                  | refused, and nothing is kept                           | test_language_choice.py::test_a_choice_from_another_site_changes_nothing
a cookie of languages that makes no sense                          | is no choice                                           | test_language_choice.py::test_a_cookie_that_makes_no_sense_is_no_choice
a header of languages without an end                               | a few of them are looked at                            | test_language_choice.py::test_the_sign_in_speaks_the_language_of_the_browser
open redirect and DNS rebinding by the host name                   | 421                                                    | attacks/test_web.py::test_dns_rebinding
DNS rebinding at the practice Zoom                                 | 403                                                    | practice/test_pages.py::test_other_names_and_other_sites_are_turned_away

# Colleagues
a colleague's meeting link, pasted                                 | refused                                                | test_authority.py::test_the_meeting_of_a_colleagues_class_is_not_linked_even_by_one_of_its_hosts
the start link of a meeting that is no longer hers                 | refused                                                | test_authority.py::test_the_start_link_of_a_linked_meeting_is_hers_as_long_as_she_hosts_it
the participants of a meeting that is no longer hers               | not fetched                                            | test_authority.py::test_the_participants_of_a_linked_meeting_are_fetched_as_long_as_she_hosts_it
a colleague's class by its address                                 | not shown                                              | in_browser/test_browser_lists.py::test_a_teacher_does_not_see_a_colleagues_class_and_an_admin_does
a teacher who changes accounts                                     | refused                                                | accounts/test_accounts.py::test_only_admins_change_accounts

# Students
a guessed link of a student                                        | opens nothing                                          | test_own_page.py::test_a_guessed_link_opens_nothing
a link of a student that is over, closed or replaced               | opens nothing                                          | test_own_page.py::test_a_link_that_is_over_or_closed_or_replaced_opens_nothing
a request of another student, taken back                           | stays                                                  | test_own_page.py::test_the_link_of_another_student_takes_back_nothing_of_hers
names and numbers of others on a student's page                    | are not in it                                          | test_own_page.py::test_nothing_of_others_and_no_number_of_them_is_in_the_page
a link of a student in a log                                       | is in none                                             | test_own_page.py::test_a_link_is_in_no_log
a link of a student in a cache, a list or a referrer               | is kept by nobody                                      | test_own_page.py::test_no_cache_no_list_and_no_other_page_gets_to_know_the_address
a request of a student, sent by another site                       | refused                                                | test_own_page.py::test_a_form_of_another_site_sends_nothing
HTML in what a student writes                                      | shown as text                                          | test_own_page.py::test_hostile_texts_and_names_are_shown_as_text
an endless request of a student                                    | not read                                               | test_own_page.py::test_a_text_that_is_too_long_is_not_taken_and_an_endless_one_not_read
a thousand requests of a student                                   | a few are taken                                        | test_student_requests.py::test_a_thousand_requests_leave_a_few
one link that keeps others waiting                                 | 429                                                    | test_own_page.py::test_one_link_does_not_keep_all_others_waiting
a student's page of a colleague's course                           | refused                                                | pages/test_student.py::test_a_student_of_nobody_and_one_of_a_colleague_are_not_shown

# Hostile texts
formulas in names                                                  | defused in CSV and Excel                               | test_report.py::test_a_formula_in_a_name_or_an_address_of_zooms_is_defused_in_both_files
formulas in names, titles and remarks of a register                | defused in every file of it                            | test_register_files.py::test_nothing_in_a_file_can_run_in_a_spreadsheet
HTML and Markdown in names                                         | shown as text                                          | class_page/test_table.py::test_hostile_names_leave_the_page_whole_and_are_nowhere_read_as_markup
HTML and Markdown in titles                                        | shown as text                                          | pages/test_every_page.py::test_a_hostile_title_is_read_as_text_and_not_as_markup
HTML and Markdown in names of students and courses, and long ones  | shown as text                                          | course_page/test_register.py::test_hostile_and_endless_names_leave_the_pages_whole
HTML in the sign-in form                                           | shown as text                                          | test_sign_in.py::test_a_hostile_email_comes_back_as_text
lines of its own in a calendar entry                               | one line, escaped                                      | test_join_link.py::test_a_calendar_entry_has_the_lines_that_it_should_whatever_a_class_is_called
unseen signs in a join link or an invitation                       | taken out                                              | test_join_link.py::test_nothing_that_is_not_seen_is_sent_with_an_invitation
CSS and HTML in a text of a style sheet                            | stays a text                                           | test_bad_moments.py::test_a_text_in_a_style_sheet_stays_a_text
control signs on a terminal                                        | shown as such                                          | test_terminal.py::test_nothing_that_others_have_written_steers_a_terminal
lines of its own in a log                                          | one line, without secrets                              | test_log_secrets.py::test_no_secret_is_ever_in_a_line
a link that takes for ever to read                                 | read in no time                                        | test_meeting_link.py::test_reading_hostile_text_takes_no_time
a Zoom that redirects with our token                               | not followed                                           | zoom_client/test_failures.py::test_a_redirect_is_not_followed

# The dashboard's web server
a request that never ends                                          | closed after 20 seconds                                | attacks/test_connections.py::test_a_request_that_never_ends
a second request that never ends                                   | closed as well                                         | attacks/test_connections.py::test_a_second_request_that_never_ends_after_a_first_that_did
a head without an end, to the dashboard                            | refused at 64 KiB                                      | attacks/test_connections.py::test_a_head_without_an_end
more connections than an address may have                          | closed at once                                         | attacks/test_connections.py::test_more_connections_than_one_address_may_have
more connections than there are places                             | closed at once                                         | attacks/test_connections.py::test_more_connections_than_there_are_places
one address takes every connection                                 | others are served                                      | attacks/test_connections.py::test_one_address_takes_every_connection
a flood of websockets and requests                                 | 429 from one address                                   | attacks/test_web.py::test_a_flood_of_websockets_and_requests_from_one_address
a flood that keeps its places                                      | others have theirs                                     | attacks/test_web.py::test_a_flood_leaves_the_places_of_others_and_gives_its_own_back
a huge websocket message                                           | closed, and not waited for                             | attacks/test_connections.py::test_a_message_that_is_too_large_is_not_even_waited_for
a huge websocket message in small pieces                           | closed                                                 | attacks/test_connections.py::test_a_large_message_in_small_pieces
a small message that unpacks to a huge one                         | not unpacked                                           | attacks/test_connections.py::test_messages_are_not_unpacked
an address of Streamlit's that no page asks for                    | 404                                                    | attacks/test_web.py::test_something_that_no_page_asks_for
a file of somebody who is not signed in                            | 401                                                    | attacks/test_web.py::test_a_file_of_somebody_who_is_not_signed_in
a file that a page of another site sends                           | 403                                                    | attacks/test_web.py::test_a_file_that_a_page_of_another_site_sends
a file without a token, or for another's tab                       | refused                                                | attacks/test_web.py::test_a_file_without_streamlits_token_or_for_a_tab_that_is_not_open
a huge file, with a length that is said or not                     | 413                                                    | attacks/test_web.py::test_a_file_that_is_too_large_said_or_not
many files, to fill the memory                                     | a tab has one at a time                                | attacks/test_web.py::test_many_files_of_one_tab_to_fill_the_memory
a file that stays on the disk                                      | is never there                                         | attacks/test_web.py::test_a_file_is_written_to_no_disk
the version of the web server                                      | not told                                               | attacks/test_connections.py::test_what_the_web_server_says_of_itself
broken-off forms that fill the log                                 | a few lines                                            | attacks/test_web.py::test_forms_that_are_broken_off_again_and_again_fill_the_log
senseless requests that fill the log                               | a few lines                                            | attacks/test_web.py::test_requests_that_make_no_sense_fill_the_log
a foreign page has the dashboard call an outside service           | no call                                                | attacks/test_connections.py::test_a_foreign_page_has_the_dashboard_call_an_outside_service

# Pages of other sites
DNS rebinding with two host headers                                | 421                                                    | attacks/test_web.py::test_dns_rebinding_with_two_host_headers
DNS rebinding to the demo, whose passwords are known               | 421                                                    | attacks/test_web.py::test_dns_rebinding_to_the_demo_with_its_known_passwords
a websocket opened by another origin                               | refused                                                | attacks/test_web.py::test_a_page_of_another_origin_opens_the_websocket
a websocket of https opened by a page of http                      | refused                                                | attacks/test_web.py::test_a_page_over_http_opens_the_websocket_of_one_over_https
a page of another site starts a class                              | 403                                                    | attacks/test_web.py::test_a_page_of_another_site_starts_a_class
every form sent from another site                                  | 403                                                    | attacks/test_web.py::test_a_form_of_another_site
clickjacking, popups and images of other sites                     | forbidden by headers                                   | attacks/test_web.py::test_the_dashboard_in_a_frame_a_popup_or_an_image_of_another_site
a script in a page, by the policy                                  | does not run                                           | attacks/test_web.py::test_a_script_that_somebody_has_got_into_a_page
a script in a page, in a browser                                   | does not run, and tells nobody                         | attacks/test_pages_in_browser.py::test_a_script_that_somebody_has_got_into_a_page_neither_runs_nor_tells_anybody
pages that ask others for something                                | nobody outside is asked                                | attacks/test_pages_in_browser.py::test_every_page_works_and_nobody_outside_is_asked_for_anything
the cache of a shared computer                                     | keeps no page and no file                              | attacks/test_web.py::test_the_cache_of_a_shared_computer
a cookie planted by a neighbour domain                             | not taken                                              | attacks/test_web.py::test_a_cookie_that_a_neighbour_domain_has_planted
a cookie of https read or replaced over http                       | not possible                                           | attacks/test_web.py::test_a_cookie_over_https_read_or_replaced_over_http
a cookie of Streamlit's over http                                  | https alone                                            | attacks/test_web.py::test_a_cookie_of_streamlits_over_http
the way from https back to http                                    | closed for a year                                      | attacks/test_web.py::test_the_way_from_https_back_to_http

# Whose class and whose data it is
a co-teacher shares a class on                                     | refused                                                | test_shares.py::test_only_the_teacher_and_admins_share
a co-teacher takes the start link                                  | refused                                                | test_shares.py::test_the_start_link_stays_the_teachers_also_where_the_co_teacher_may_host
a co-teacher changes figures of classes that she may not see       | refused                                                | test_shares.py::test_a_co_teacher_undoes_nothing_that_concerns_a_class_that_she_may_not_see
an audit entry is changed or taken away                            | refused by the database                                | test_audit.py::test_nobody_changes_an_entry_or_takes_a_young_one_away
strangers fill the list of who did what                            | ten entries in a quarter of an hour                    | test_audit.py::test_strangers_cannot_fill_the_list
somebody who was erased is brought back by a fetch                 | stays nobody                                           | erasure/test_erasure.py::test_every_figure_stays_and_zoom_brings_nothing_of_her_back
somebody who was erased is brought back by a restore               | stays nobody                                           | erasure/test_erasure.py::test_a_backup_of_before_is_restored_without_her_and_later_ones_have_nothing_of_her
somebody who was erased is brought back by a backup made meanwhile | stays nobody                                           | erasure/test_erased_for_good.py::test_a_backup_that_was_made_while_she_was_erased_is_restored_without_her
somebody who was erased is brought back by a class that runs       | stays nobody                                           | erasure/test_erased_for_good.py::test_a_class_that_runs_is_kept_clean_when_zoom_tells_her_name_alone
an erasing is broken off                                           | is done to the end by the tracker                      | erasure/test_erased_for_good.py::test_what_is_broken_off_of_an_erasing_by_the_file_is_done_the_next_time
a click in a tab that is signed out, or has lost a share or a role | does nothing                                           | matrix/test_pages.py::test_a_click_does_nothing_where_what_its_person_may_changes_between_the_click_and_what_it_does
a click in a dialog of such a tab                                  | does nothing                                           | matrix/test_pages.py::test_so_does_a_click_in_a_dialog
a tab in which somebody has lost a class sees to its trouble       | does nothing                                           | pages/test_today.py::test_somebody_who_may_not_see_a_class_any_more_does_not_see_to_it
a tab in which somebody has lost a class takes a cancelling back   | does nothing                                           | class_page/test_state.py::test_somebody_who_may_not_see_a_class_any_more_takes_no_cancelling_back
a co-teacher moves a class into another course                     | refused                                                | test_cancelling.py::test_a_co_teacher_puts_no_class_into_another_course
a course of somebody else, by its address                          | a page that says so, and nothing of it                 | course_page/test_list.py::test_a_course_of_somebody_else_is_not_shown
a student of somebody else's course, by her id                     | refused                                                | courses/test_students.py::test_a_student_of_another_course_is_out_of_reach
a co-teacher archives, deletes or gives away a course              | refused                                                | courses/test_courses.py::test_only_its_teacher_and_admins_are_in_charge_of_a_course
words on people of other classes, by a course that is handed over  | stay with who said them                                | courses/test_courses.py::test_what_was_said_of_the_people_of_a_course_goes_with_it_and_of_others_not
a meeting of another host, by a course that is handed over         | is started by its host alone                           | courses/test_courses.py::test_a_meeting_that_the_teacher_linked_is_started_by_its_host_alone_unless_an_admin_gives_it
a cancelled class takes the meeting of another one with it         | that one's meeting stays                               | test_cancelling.py::test_a_meeting_that_another_class_got_meanwhile_stays_at_zoom
a file by a button of such a tab                                   | refused                                                | matrix/test_pages.py::test_a_file_is_given_to_whom_the_table_says_also_by_a_button_that_is_still_there

# The machine
another user of the machine who reads files                        | cannot open them                                       | test_private_files.py::test_data_folder_and_database_are_made_for_their_user_alone
a stolen database                                                  | has hashes of passwords and tokens                     | accounts/test_auth.py::test_only_hashes_of_secrets_are_stored
an old backup, restored                                            | brings no sign-in or token back                        | test_restored_ways_in.py::test_a_restore_brings_no_way_in_back_that_may_have_been_revoked_since
a secret that is easy to guess                                     | named by the doctor                                    | test_doctor.py::test_weak_secrets_are_named_and_not_shown
listening on the way to Zoom                                       | addresses without https are named by the doctor        | test_doctor.py::test_addresses_to_which_secrets_would_travel_unencrypted_are_named
"""
# What is tried beside them: that an attack is all that is refused.
NO_ATTACKS = {
    "attacks/test_web.py::test_names_of_the_dashboard_are_no_attack",
    "attacks/test_web.py::test_files_are_asked_for_by_few_panels_and_no_page_asks_for_anything_else",
    "attacks/test_web.py::test_a_dashboard_that_is_started_by_streamlit_itself_listens_to_everybody",
}


def rows() -> list[list[str]]:
    """Name, what becomes of it, and the test in its file below `tests/`, of each attack."""
    lines = [line for line in ATTACKS.splitlines() if line and not line.startswith("#")]
    return [[cell.strip() for cell in line.split("|")] for line in lines]


@cache
def names_in(file: Path) -> set[str]:
    """The tests in a file."""
    tree = ast.parse(file.read_text(encoding="utf-8")) if file.is_file() else ast.Module([], [])
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_attack_has_a_name_of_its_own_and_is_tried() -> None:
    names = [name for name, _, _ in rows()]
    assert sorted(names) == sorted(set(names))
    tried = [test.partition("::") for _, _, test in rows()]
    assert [(file, name) for file, _, name in tried if name not in names_in(TESTS / file)] == []


def test_every_attack_of_its_folder_is_in_the_table() -> None:
    tried = {test for _, _, test in rows()}
    files = sorted((TESTS / "attacks").glob("test_*.py"))
    found = {f"attacks/{file.name}::{name}" for file in files for name in names_in(file) if name.startswith("test_")}
    assert found - tried == NO_ATTACKS
