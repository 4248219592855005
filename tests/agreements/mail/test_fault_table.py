"""The fault table of the design (reliability, section 2), rows 1 to 45: each row names the tests that inject it."""

import ast
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[2]

FAULTS: dict[int, tuple[str, list[str]]] = {
    1: ("killed before the claim commits", [
        "agreements/mail/test_crashes.py::test_a_worker_killed_at_any_moment_loses_nothing_and_doubles_nothing",
        "crash/test_crash.py::test_a_worker_killed_at_each_named_moment_leaves_at_most_one_mail_in_doubt",
    ]),
    2: ("killed after the claim, before DATA", [
        "agreements/mail/test_crashes.py::test_a_worker_killed_at_any_moment_loses_nothing_and_doubles_nothing",
        "crash/test_crash.py::test_a_worker_killed_at_each_named_moment_leaves_at_most_one_mail_in_doubt",
    ]),
    3: ("killed between the final dot and `sent`", [
        "agreements/mail/test_crashes.py::test_a_worker_killed_at_any_moment_loses_nothing_and_doubles_nothing",
        "agreements/mail/test_outbox.py::test_a_mail_that_was_being_handed_over_becomes_unknown_and_is_noted",
    ]),
    4: ("killed at random, many times", [
        "crash/test_crash.py::test_workers_killed_at_random_lose_nothing_and_double_nothing",
    ]),
    5: ("a worker's child killed for want of memory", [
        "agreements/jobs/test_workers.py::test_a_child_that_is_killed_leaves_its_mail_in_doubt_and_the_others_to_the_next",
        "agreements/jobs/test_tasks.py::test_a_worker_that_dies_gives_its_task_back",
    ]),
    6: ("Redis emptied", ["agreements/jobs/test_workers.py::test_a_broker_that_is_emptied_loses_nothing"]),
    7: ("Redis down during a web request", [
        "agreements/jobs/test_workers.py::test_with_the_broker_down_pages_work_and_mail_is_late",
        "test_architecture.py::test_nobody_starts_a_task_by_hand",
    ]),
    8: ("killed between COMMIT and what follows it", ["test_architecture.py::test_nobody_waits_for_a_commit_to_do_the_rest"]),  # noqa: E501
    9: ("two beats, and a round by hand", [
        "agreements/jobs/test_workers.py::test_two_beats_several_workers_and_a_round_by_hand_send_each_mail_once",
        "agreements/jobs/test_scheduled.py::test_two_workers_that_queue_at_once_queue_one_reminder",
    ]),
    10: ("a task outlives visibility_timeout, or runs twice", [
        "agreements/mail/test_crashes.py::test_workers_that_meet_send_each_mail_once",
        "agreements/jobs/test_tasks.py::test_a_lost_task_is_given_out_anew_in_minutes_and_no_mail_round_lasts_so_long",
        "test_architecture.py::test_nobody_starts_a_task_by_hand",
    ]),
    11: ("prefetched tasks die with their worker", [
        "agreements/jobs/test_workers.py::test_a_child_that_is_killed_leaves_its_mail_in_doubt_and_the_others_to_the_next",
        "agreements/jobs/test_tasks.py::test_a_look_that_comes_too_late_is_dropped",
    ]),
    12: ("the database restarts in the middle", [
        "agreements/mail/test_transports.py::test_after_a_database_error_at_the_intent_no_dot_is_sent",
        "agreements/mail/test_outbox.py::test_a_database_that_fails_at_the_intent_costs_a_lease_and_no_mail",
        "agreements/mail/test_outbox.py::test_a_database_that_fails_after_the_acceptance_leaves_it_unknown_and_sent_once",
        "crash/test_crash.py::test_workers_killed_at_random_lose_nothing_and_double_nothing",
    ]),
    13: ("COMMIT is sent, its answer lost", [
        "agreements/mail/test_outbox.py::test_a_commit_whose_answer_is_lost_at_the_intent_leaves_it_unknown_and_unsent",
    ]),
    14: ("a claim through a joined filter", [
        "test_architecture.py::test_a_compare_and_set_names_its_own_columns_only",
        "agreements/models/test_compare_and_set.py::test_a_column_of_another_table_cannot_be_named",
        "agreements/mail/test_crashes.py::test_of_workers_that_want_the_same_row_one_gets_it",
    ]),
    15: ("a worker wakes after its lease", [
        "agreements/mail/test_outbox.py::test_a_worker_that_slept_past_its_lease_changes_nothing",
        "agreements/mail/test_outbox.py::test_a_worker_that_sleeps_right_after_its_claim_does_not_take_its_successors",
    ]),
    16: ("SQLite with four writers", ["agreements/mail/test_crashes.py::test_four_writers_at_once_all_get_their_turn"]),
    17: ("SQLite ignores row locks", [
        "agreements/mail/test_crashes.py::test_of_workers_that_want_the_same_row_one_gets_it",
        "agreements/mail/test_crashes.py::test_the_reaper_and_the_worker_that_settles_agree",
    ]),
    18: ("the disk is full when the sealed file is stored", [
        "agreements/jobs/test_scheduled.py::test_a_storage_that_is_full_never_makes_a_seal_without_bytes",
        "agreements/jobs/test_scheduled.py::test_without_a_key_the_signature_stands_and_is_sealed_when_there_is_one",
    ]),
    19: ("killed between storing and the commit", [
        "agreements/jobs/test_scheduled.py::test_a_crash_between_storing_and_saying_so_seals_again_and_leaves_no_row_without_a_file",
    ]),
    20: ("the same name is stored twice", [
        "agreements/jobs/test_scheduled.py::test_what_is_stored_twice_is_one_file_and_nobody_elses_bytes",
    ]),
    21: ("a double click, two tabs", [
        "agreements/lifecycle/test_races.py::test_s08_two_tabs_make_one_signature_and_both_see_the_receipt",
        "agreements/lifecycle/test_races.py::test_s08_a_double_click_makes_one_signature_and_sees_the_receipt",
    ]),
    22: ("signed while a mail is handed over, then 451", [
        "agreements/mail/test_outbox.py::test_after_an_end_during_the_hand_over_a_refusal_is_not_tried_again",
        "agreements/mail/test_crashes.py::test_a_signature_during_the_hand_over_reaches_the_worker",
    ]),
    23: ("the paper is edited while its page is open", [
        "agreements/views/test_signing.py::test_a_document_that_changed_meanwhile_is_a_409_that_wants_new_ticks",
        "agreements/lifecycle/test_races.py::test_s08_of_signing_and_a_title_that_changes_exactly_one_counts",
    ]),
    24: ("the deadline moves, or the paper is withdrawn", [
        "agreements/jobs/test_scheduled.py::test_a_deadline_that_moves_has_reminders_of_its_own",
        "agreements/mail/test_outbox.py::test_an_end_before_the_intent_keeps_the_mail_in_the_house",
    ]),
    25: ("a row that cannot be written", [
        "agreements/mail/test_outbox.py::test_a_poisonous_row_fails_alone_and_in_the_end_for_good",
    ]),
    26: ("many bad rows before a good one", [
        "agreements/mail/test_outbox.py::test_a_good_mail_behind_many_bad_ones_goes_in_the_same_round",
    ]),
    27: ("SIGTERM", [
        "agreements/jobs/test_workers.py::test_a_worker_that_is_asked_to_end_finishes_the_mail_in_its_hand",
        "agreements/mail/test_outbox.py::test_a_round_ends_in_time_and_what_it_did_not_begin_is_as_before",
    ]),
    28: ("4xx to RCPT", ["agreements/mail/test_outbox.py::test_what_is_refused_for_now_is_tried_again_and_sent_once"]),
    29: ("5xx to RCPT", [
        "agreements/mail/test_outbox.py::test_an_address_that_is_refused_gets_nothing_more_and_an_editor_hears_of_it",
    ]),
    30: ("cut before the dot", [
        "agreements/mail/test_transports.py::test_a_line_that_is_cut_within_the_body_is_tried_again",
    ]),
    31: ("cut after the dot", [
        "agreements/mail/test_outbox.py::test_a_lost_answer_is_shown_and_never_followed_by_another_try",
        "agreements/mail/test_transports.py::test_a_line_that_is_cut_after_the_dot_leaves_it_unknown",
    ]),
    32: ("4xx to the dot", ["agreements/mail/test_outbox.py::test_what_is_refused_for_now_is_tried_again_and_sent_once"]),  # noqa: E501
    33: ("a server that says nothing", [
        "agreements/mail/test_outbox.py::test_a_server_that_says_nothing_costs_time_and_no_mail",
    ]),
    34: ("an answer after nine minutes", [
        "agreements/mail/test_outbox.py::test_an_answer_after_nine_minutes_is_waited_for",
        "agreements/mail/test_outbox.py::test_the_lease_is_longer_than_a_server_may_take_in_all",
    ]),
    35: ("line breaks and strange letters in headers", [
        "agreements/mail/test_encoding.py::test_the_frame_says_what_django_says",
        "agreements/mail/test_encoding.py::test_a_line_break_in_a_header_is_refused",
        "agreements/mail/test_transports.py::test_a_mail_that_cannot_be_written_is_an_outcome_and_no_crash",
    ]),
    36: ("two addresses in one", [
        "agreements/mail/test_compose.py::test_what_is_not_one_address_is_refused_where_it_comes_in",
        "agreements/mail/test_compose.py::test_a_name_does_not_become_an_address",
    ]),
    37: ("a mail to the wrong person", [
        "agreements/mail/test_compose.py::test_of_many_mails_each_holds_its_own_token_name_and_title_and_no_others",
    ]),
    38: ("bounces, absences, bounces of bounces", [
        "agreements/mail/test_bounces.py::test_what_each_report_means",
        "agreements/mail/test_bounces.py::test_a_hard_bounce_stops_the_address_once_and_tells_the_editors",
        "agreements/mail/test_bounces.py::test_a_run_that_dies_reads_the_same_mail_again_and_it_counts_once",
    ]),
    39: ("a scanner that fetches every link", [
        "agreements/views/test_signing.py::test_s07_twenty_fetches_of_every_public_page_and_what_it_links_to_leave_no_trace",
    ]),
    40: ("a scanner that sends the form", [
        "agreements/views/test_signing.py::test_l01_l05_s08_an_incomplete_form_is_a_400_and_changes_nothing",
        "agreements/views/test_signing.py::test_a_machine_that_presses_the_button_declines_nothing",
    ]),
    41: ("one click ends the reminders", [
        "agreements/views/test_unsubscribe.py::test_one_click_stops_the_reminders_tells_the_editors_and_declines_nothing",
    ]),
    42: ("deadlines anywhere on Earth", [
        "agreements/models/test_models.py::test_anywhere_on_earth_means_that_no_zone_is_later",
    ]),
    43: ("days on which clocks change", [
        "agreements/models/test_models.py::test_a_day_on_which_clocks_change_ends_when_people_say_it_ends",
    ]),
    44: ("workers whose clocks differ", [
        "agreements/mail/test_protocol.py::test_nothing_that_can_happen_breaks_a_promise",
        "agreements/mail/test_outbox.py::test_a_late_acceptance_settles_what_had_become_unknown",
    ]),
    45: ("an outage over several reminders", [
        "agreements/jobs/test_scheduled.py::test_an_outage_of_three_weeks_makes_one_mail",
        "agreements/domain/test_schedule.py::test_an_outage_over_three_slots_sends_the_latest_and_marks_the_older_ones",
        "agreements/mail/test_deferral.py::test_two_that_are_due_at_once_after_an_outage_keep_their_distance",
        "agreements/mail/test_deferral.py::test_a_reminder_that_is_late_waits_for_working_hours",
    ]),
}  # fmt: skip


@cache
def defined_in(name: str) -> set[str]:
    tree = ast.parse((TESTS / name).read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_every_row_of_the_table_is_here() -> None:
    assert list(FAULTS) == list(range(1, 46))


@pytest.mark.parametrize("row", FAULTS, ids=lambda row: f"row-{row}")
def test_the_tests_of_each_fault_exist(row: int) -> None:
    _, named = FAULTS[row]
    assert named
    for one in named:
        file, _, test = one.partition("::")
        assert test in defined_in(file), one
