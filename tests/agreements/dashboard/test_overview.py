"""The board counts what is there, in few queries, whatever the number of papers."""

from datetime import date

import pytest
from pytest_django import DjangoAssertNumQueries

from agreements import lifecycle
from agreements.dashboard import overview, paper_state
from agreements.dashboard.blockers import Blocker
from agreements.domain.states import Status
from agreements.jobs import scheduled
from agreements.models import ChangeRequest
from agreements.requests import change_requests, objections
from proceedings.models import Author, Paper, PaperFile, Volume
from tests import make

pytestmark = pytest.mark.django_db


def with_pdfs(volume: Volume) -> Volume:
    """`volume` with a PDF for each paper: rows alone, for the board never opens a file."""
    PaperFile.objects.bulk_create(
        PaperFile(paper=paper, kind="paper", extension="pdf", pages=9, size=1, crc32=0, stored_as="x", sha256="x")
        for paper in volume.papers.all()
    )
    return volume


def counts(made: overview.Overview) -> dict[Blocker, int]:
    return {count.blocker: count.count for count in made.counts}


def test_an_empty_volume_has_an_empty_overview() -> None:
    made = overview.build_overview(make.volume(), make.NOW)

    assert (made.papers, made.signed, made.counts, made.complete) == (0, 0, (), False)


def test_another_licence_is_counted_until_somebody_signs_and_never_keeps_a_paper_back() -> None:
    volume = make.volume()
    for licence in ("CC BY 4.0", "CC BY-NC 4.0", ""):
        make.paper(volume, licence=licence)
    make.agreement(Status.SEALED, of=make.paper(volume, licence="CC BY-SA 4.0"))
    made = overview.build_overview(with_pdfs(volume), make.NOW)
    assert (counts(made)[Blocker.LICENCE], made.ready) == (1, 1)
    assert len(paper_state.papers_blocked_by(volume, Blocker.LICENCE, make.NOW)) == 1


def test_papers_are_counted_by_what_blocks_them() -> None:
    volume = make.volume()
    make.paper(volume, contact=None)
    make.paper(volume)
    make.paper(volume, status=Paper.Status.WITHDRAWN)
    for status in (Status.ISSUED, Status.SIGNED, Status.SEALED, Status.DECLINED, Status.VOIDED):
        make.agreement(status, of=make.paper(volume))
    with_pdfs(volume)

    made = overview.build_overview(volume, make.NOW)

    assert made.papers == 7
    assert made.signed == 2
    assert made.ready == 1
    assert counts(made) == {
        Blocker.NO_CONTACT: 1,
        Blocker.DECLINED: 1,
        Blocker.NOT_ISSUED: 2,
        Blocker.NOT_SENT: 1,
        Blocker.SEAL_PENDING: 1,
    }
    for blocker, count in counts(made).items():
        assert len(paper_state.papers_blocked_by(volume, blocker, make.NOW)) == count


def test_what_a_chair_cannot_change_in_the_admin_is_counted_too() -> None:
    volume = make.volume()
    make.agreement(Status.SEALED, of=make.paper(volume))
    make.paper(volume, title="On \U0001f600")

    made = overview.build_overview(volume, make.NOW)

    assert counts(made) == {Blocker.UNPRINTABLE: 1, Blocker.NO_PDF: 2}
    assert made.ready == 0


def test_a_signature_that_was_voided_is_no_longer_counted() -> None:
    agreement = make.agreement(Status.SEALED)
    lifecycle.void(agreement, reason="Wrong person.", by="editor:ed", now=make.NOW)

    assert overview.build_overview(agreement.paper.volume, make.NOW).signed == 0


def test_what_authors_say_needs_action() -> None:
    volume = make.volume()
    waiting, sealed = (make.agreement(status, of=make.paper(volume)) for status in (Status.ISSUED, Status.SEALED))
    wanted = {"title": "A better title"}
    change_requests.request_change(waiting, ChangeRequest.Kind.FACTS, wanted, note="", now=make.NOW)
    objections.record_objection(sealed, by="Tim Dettmers", reason="Nobody asked me.", now=make.NOW)

    made = overview.build_overview(with_pdfs(volume), make.NOW)

    assert counts(made) == {Blocker.CHANGE_REQUEST: 1, Blocker.OBJECTION: 1, Blocker.NOT_SENT: 1}
    assert made.needs_action == 2
    assert made.ready == 1, "an objection undoes nothing"


def test_tasks_name_those_who_need_action_the_most_pressing_first() -> None:
    volume = make.volume()
    make.agreement(Status.DECLINED, of=make.paper(volume))
    nobody = make.paper(volume, contact=None)

    tasks = overview.build_overview(volume, make.NOW).tasks

    assert [task.info.label for task in tasks] == ["no corresponding author", "declined"]
    assert tasks[0].key == nobody.key


def test_a_change_of_the_paper_after_the_issue_is_seen() -> None:
    agreement = make.agreement(Status.SEALED)
    Author.objects.filter(paper=agreement.paper, position=2).update(given="Shruti B.")

    made = overview.build_overview(with_pdfs(agreement.paper.volume), make.NOW)

    assert counts(made) == {Blocker.MISMATCH: 1}
    assert made.ready == 0


def test_the_newest_of_several_agreements_counts() -> None:
    agreement = make.agreement(Status.DECLINED)
    lifecycle.issue(lifecycle.draft(agreement.paper, by="editor:ed", now=make.NOW), by="editor:ed", now=make.NOW)

    assert counts(overview.build_overview(with_pdfs(agreement.paper.volume), make.NOW)) == {Blocker.NOT_SENT: 1}


def test_after_the_deadline_those_who_wait_are_overdue(mail_folder: object) -> None:
    agreement = make.agreement(Status.ISSUED)
    scheduled.send_emails(scheduled.fixed_clock(make.NOW))
    volume = with_pdfs(agreement.paper.volume)

    assert counts(overview.build_overview(volume, make.NOW)) == {Blocker.WAITING: 1}
    assert counts(overview.build_overview(volume, make.CLOSES)) == {Blocker.OVERDUE: 1}


def test_the_next_emails_are_the_outbox_and_then_the_coming_reminders(mail_folder: object) -> None:
    agreement = make.agreement(Status.ISSUED)
    volume = agreement.paper.volume
    first = overview.build_overview(volume, make.NOW).next_emails
    scheduled.send_emails(scheduled.fixed_clock(make.NOW))
    then = overview.build_overview(volume, make.NOW).next_emails

    assert [mail.what for mail in first] == ["Invitation", "Reminder"]
    assert [(mail.what, mail.at) for mail in then] == [("Reminder", make.CLOSES - 14 * make.DAY)]


def test_the_pace_is_what_is_left_over_the_days_that_are_left() -> None:
    volume = make.volume()
    for status in (Status.SEALED, Status.ISSUED, Status.ISSUED):
        make.agreement(status, of=make.paper(volume))

    progress = overview.build_overview(volume, make.CLOSES - 4 * make.DAY).progress

    assert progress.pace == pytest.approx(2 / 4)
    assert (progress.signed[-1], progress.total, progress.deadline) == (1, 3, make.DEADLINE)
    assert progress.days[0] == date(2026, 11, 1)


def test_an_overview_takes_the_same_few_queries_for_any_number_of_papers(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    volume = make.volume()
    for _ in range(12):
        make.agreement(Status.ISSUED, of=make.paper(volume))

    with django_assert_max_num_queries(6):
        overview.build_overview(volume, make.NOW)
