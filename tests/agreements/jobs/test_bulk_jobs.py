"""Moves for more than a browser waits for: rows that the clock works off, however often it is killed."""

from collections.abc import Callable
from datetime import datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client

from agreements import lifecycle
from agreements.domain.states import Status
from agreements.jobs import bulk, issue_many, scheduled
from agreements.models import Agreement, BulkJob, BulkJobItem, Message
from proceedings.models import Paper, User, Volume
from tests import make
from tests.agreements import editors
from tests.agreements.editors import BOOKKEEPING, Roles, client_for
from tests.agreements.pages import all_rows

pytestmark = pytest.mark.django_db

now = scheduled.fixed_clock(make.NOW)


@pytest.fixture(autouse=True)
def few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "MAX_IN_REQUEST", 2)


def job_page(job: BulkJob) -> str:
    return f"/admin/agreements/bulkjob/{job.pk}/change/"


def ordered(verb: str, *papers: Paper, user: User | None = None, **fields: Any) -> BulkJob:
    pairs = [(paper, paper.agreements.live().first()) for paper in papers]
    user = user or make.editor("ed", papers[0].volume)
    asked: dict[str, Any] = {"reason": "", "data": {}, "by": f"editor:{user.username}", "now": make.NOW} | fields
    return bulk.create_job(papers[0].volume, verb, pairs, user=user, **asked)


def states(job: BulkJob) -> list[str]:
    return [item.state for item in job.items.order_by("pk")]


@pytest.mark.alone
def test_many_become_a_job_whose_page_shows_how_far_it_is(editor_client: Client) -> None:
    papers = [make.paper(), make.paper(), make.paper(), make.paper(contact=None)]
    editors.bulk(editor_client, "issue", *papers)
    job = BulkJob.objects.get()
    assert not Agreement.objects.exists()
    page = editor_client.get(job_page(job))
    assert page["Refresh"] == "5"
    assert "<strong>0</strong> of 3 done" in page.content.decode()
    assert "Refresh" not in editor_client.get(f"{job_page(job)}?still")
    assert bulk.run_jobs(now) == {"done": 3}
    page = editor_client.get(job_page(job))
    assert "Refresh" not in page
    assert "<strong>3</strong> of 3 done: 3 issued." in page.content.decode()
    assert Message.objects.filter(kind="invitation").count() == 3
    assert {event.by for agreement in Agreement.objects.all() for event in agreement.events.all()} == {"editor:ed"}
    assert bulk.run_jobs(now) == {}


@pytest.mark.alone
def test_a_few_are_changed_at_once(editor_client: Client) -> None:
    assert "<strong>2</strong> issued." in editors.bulk(editor_client, "issue", make.paper(), make.paper())
    assert not BulkJob.objects.exists()


@pytest.mark.alone
def test_every_skipped_paper_is_named_on_the_page(editor_client: Client) -> None:
    papers = [make.agreement().paper for _ in range(3)]
    editors.bulk(editor_client, "void", *papers, reason="Wrong volume.")
    make.sign(papers[0].agreements.get())
    lifecycle.decline(papers[1].agreements.get(), reason="No.", now=make.NOW)
    bulk.run_jobs(now)
    page = editor_client.get(job_page(BulkJob.objects.get())).content.decode()
    assert "The agreement changed (declined by the author). Reload the page." in page
    assert f'<span class="quiet">1: {papers[1].key}</span>' in page
    assert papers[0].agreements.get().reason == "Wrong volume."


def test_a_job_of_each_volume_where_the_choice_spans_several(roles: Roles) -> None:
    papers = [make.paper(volume) for volume in (roles.own, roles.foreign) for _ in range(2)]
    BulkJob.objects.all().delete()
    editors.bulk(client_for(roles.superuser), "prepare", *papers)
    assert sorted(job.volume.number for job in BulkJob.objects.all()) == [247, 666]


@pytest.mark.alone
def test_killed_between_two_items_it_continues_and_changes_nothing_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    job = ordered("issue", *[make.paper(contact=f"author{number}@example.org") for number in range(5)])
    calls = iter(range(100))
    issue = issue_many.issue

    def killed(*args: Any, **kwargs: Any) -> Any:
        report = issue(*args, **kwargs)
        if next(calls) == 2:
            raise SystemExit
        return report

    monkeypatch.setattr(issue_many, "issue", killed)
    with pytest.raises(SystemExit):
        bulk.run_jobs(now)
    assert states(job) == ["done", "done", "waiting", "waiting", "waiting"]
    assert Agreement.objects.count() == Message.objects.count() == 2  # what was killed has left no trace
    bulk.run_jobs(now)
    assert states(job) == ["done"] * 5
    assert Agreement.objects.count() == Message.objects.count() == 5


def test_what_goes_wrong_with_one_holds_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    papers = [make.paper() for _ in range(3)]
    job = ordered("prepare", *papers)
    draft = lifecycle.draft

    def broken(paper: Paper, **kwargs: Any) -> Agreement:
        made = draft(paper, **kwargs)
        if paper == papers[1]:
            raise RuntimeError("a fault")
        return made

    monkeypatch.setattr(lifecycle, "draft", broken)
    assert bulk.run_jobs(now) == {"done": 2, "refused": 1}
    assert job.items.get(paper=papers[1]).why.startswith("An error occurred (RuntimeError).")
    assert not papers[1].agreements.exists()


@pytest.mark.alone
def test_s05_who_loses_the_volume_meanwhile_changes_nothing_more() -> None:
    volume = make.the_volume()
    user = make.editor("ed", volume)
    job = ordered("issue", make.paper(), make.paper(), user=user)
    volume.editors.clear()
    assert bulk.run_jobs(now) == {"refused": 2}
    assert "may no longer edit the volume" in job.items.first().why  # type: ignore[union-attr]
    assert not Agreement.objects.exists()


@pytest.mark.parametrize("change", [{"is_active": False}, {"is_staff": False}])
def test_s05_nor_does_who_may_not_work_here_any_more(change: dict[str, bool]) -> None:
    ordered("issue", make.paper())
    User.objects.update(**change)
    assert bulk.run_jobs(now) == {"refused": 1}


def test_an_assistants_reminders_are_worked_off_as_an_assistants() -> None:
    waiting = make.agreement()
    waiting.messages.update(state=Message.State.SENT, sent_at=make.NOW)
    assistant = make.editor("helper")
    waiting.paper.volume.assistants.add(assistant)
    ordered("remind", waiting.paper, user=assistant)
    assert bulk.run_jobs(now) == {"done": 1}
    ordered("void", waiting.paper, user=assistant, reason="Mine now.")
    assert bulk.run_jobs(now) == {"refused": 1}


def test_a_job_ends_in_time_and_the_next_run_continues() -> None:
    job = ordered("prepare", *[make.paper() for _ in range(4)])
    ticks = iter(make.NOW + timedelta(seconds=second) for second in range(1000))

    def ticking() -> datetime:
        return next(ticks)

    assert bulk.run_jobs(ticking, seconds=4) == {"done": 2}
    assert states(job).count("waiting") == 2
    assert bulk.run_jobs(now) == {"done": 2}
    assert BulkJob.objects.get(pk=job.pk).ended_at == make.NOW


def test_a_bulk_job_that_no_worker_runs_says_so(editor_client: Client) -> None:
    job = ordered("prepare", make.paper(), user=User.objects.get(username="ed"))
    assert "Scheduled jobs have stopped." in editor_client.get(job_page(job)).content.decode()


def test_a_page_of_a_job_is_for_its_volume_only_and_for_reading(roles: Roles) -> None:
    job = ordered("void", roles.foreign.papers.all()[0], user=roles.stranger, reason="Zanzibar")
    other, own, assistant = (client_for(user) for user in (roles.editor, roles.stranger, roles.assistant))
    before = all_rows(but=BOOKKEEPING)
    assert other.get(job_page(job)).status_code == 404
    assert own.post(job_page(job)).status_code == 405
    assert "Zanzibar" in assistant.get(job_page(job)).content.decode()
    assert all_rows(but=BOOKKEEPING) == before


# --- another contact for many


def contact_of(paper: Paper) -> tuple[str, str]:
    contact = paper.authors.get(is_corresponding=True)
    return contact.display, contact.email


def second_author(paper: Paper, email: str = "shruti@example.org") -> str:
    author = paper.authors.get(position=2)
    author.email = email
    author.save()
    return str(author.pk)


def test_the_page_shows_the_present_contact_and_a_choice_among_those_with_an_address(editor_client: Client) -> None:
    paper = make.agreement().paper
    second_author(paper)
    page = editors.confirmation_page(editor_client, "contact", paper)
    assert '<bdi>Mike Lewis</bdi><br><span class="quiet">mike@example.org</span>' in page
    assert ">Shruti Bhosale &lt;shruti@example.org&gt;</option>" in page
    assert "Tim Dettmers" not in page


def test_another_contact_is_asked_instead_and_the_former_one_is_told(editor_client: Client) -> None:
    waiting, bare, left = make.agreement(), make.paper(), make.paper()
    choices = {f"contact_{paper.pk}": second_author(paper) for paper in (waiting.paper, bare)}
    second_author(left)
    page = editors.bulk(editor_client, "contact", waiting.paper, bare, left, **choices)
    assert "<strong>2</strong> changed." in page
    for paper in (waiting.paper, bare):
        assert contact_of(paper) == ("Shruti Bhosale", "shruti@example.org")
    assert contact_of(left) == ("Mike Lewis", "mike@example.org")
    waiting.refresh_from_db()
    assert (waiting.status, waiting.successor.signer) == (Status.SUPERSEDED, "Shruti Bhosale")
    assert waiting.messages.filter(kind="handed-over", recipient="mike@example.org").exists()
    assert waiting.successor.messages.get().recipient == "shruti@example.org"
    assert not bare.agreements.exists()


def test_the_contact_of_what_is_signed_stays(editor_client: Client) -> None:
    signed, waived = make.agreement("sealed").paper, make.agreement("waived").paper
    page = editors.confirmation_page(editor_client, "contact", signed, waived)
    assert "Its agreement is no longer awaiting a signature." in page
    assert "This applies to <strong>0</strong> of 2 papers." in page


@pytest.mark.alone
def test_a_table_names_contacts_for_many(editor_client: Client) -> None:
    papers = [make.agreement().paper for _ in range(4)]
    second_author(papers[0])
    table = (
        f"paper,email,name\r\n{papers[0].key},SHRUTI@example.org\r\n"
        f"{papers[1].key},Tim <tim@NEW.example>,Tim Dettmers\n\n{papers[2].key},mike@new.example,M. Lewis"
    )
    editors.bulk(editor_client, "contact", *papers, table=table)
    assert BulkJob.objects.get().items.count() == 3
    assert bulk.run_jobs(now) == {"done": 3}
    assert [contact_of(paper) for paper in papers] == [
        ("Shruti Bhosale", "SHRUTI@example.org"),
        ("Tim Dettmers", "tim@new.example"),
        ("Mike Lewis", "mike@new.example"),
        ("Mike Lewis", "mike@example.org"),
    ]
    told = Message.objects.filter(kind="handed-over").count()
    assert told == 2  # not who only has another address


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("nothing26,mike@example.org", "paper “nothing26” is not among the selected papers"),
        ("{key},nonsense", "'nonsense' is not an email address: write it like"),
        ("{key},unknown@example.org", "no single author of"),
        ("{key},unknown@example.org,Ada Lovelace", "'Ada Lovelace' is not among the authors"),
        ("{key}", "the address is empty"),
    ],
)
def test_a_row_that_means_nobody_is_named_and_nothing_is_done(row: str, why: str, editor_client: Client) -> None:
    paper = make.agreement().paper
    before = all_rows(but=BOOKKEEPING)
    page = editors.bulk(editor_client, "contact", paper, table="\n" + row.format(key=paper.key))
    assert f"Line 2: {why}" in unescape(page)
    assert all_rows(but=BOOKKEEPING) == before


def test_choosing_nobody_shows_a_message(editor_client: Client) -> None:
    assert "Choose a corresponding author for at least one paper" in editors.bulk(
        editor_client, "contact", make.paper()
    )


def test_nobody_is_chosen_who_is_no_author_of_the_paper(editor_client: Client) -> None:
    paper, other = make.paper(), make.paper()
    foreign = second_author(other)
    editors.bulk(editor_client, "contact", paper, **{f"contact_{paper.pk}": foreign})
    assert contact_of(paper) == ("Mike Lewis", "mike@example.org")


@pytest.mark.parametrize("meanwhile", [make.sign, lambda of: of.paper.authors.filter(position=2).delete()])
def test_a_contact_that_cannot_change_any_more_is_left_and_named(meanwhile: Callable[[Agreement], object]) -> None:
    waiting = make.agreement()
    chosen = {"author": int(second_author(waiting.paper)), "email": "shruti@example.org"}
    job = ordered("contact", waiting.paper, data={waiting.paper_id: chosen})
    meanwhile(waiting)
    assert bulk.run_jobs(now) == {"refused": 1}
    assert job.items.get().why
    assert contact_of(waiting.paper) == ("Mike Lewis", "mike@example.org")


def test_the_volume_of_a_job_is_protected() -> None:
    job = ordered("prepare", make.paper())
    assert Volume.objects.get(jobs=job) == job.volume
    assert BulkJobItem.objects.get(job=job).state == "waiting"
