"""The only writer: which transitions are legal, what each writes, and that a failed one writes nothing."""

import re
import threading
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from agreements import lifecycle
from agreements.documents import audit, history, rendering, seal
from agreements.domain.facts import SignedStatement, sha256
from agreements.domain.schedule import MIN_EMAIL_GAP
from agreements.domain.states import LIVE, STATUS_LABELS, TRANSITIONS, WAITING, Status
from agreements.jobs import scheduled
from agreements.lifecycle import delegate, signed_form, snapshot
from agreements.mail import links, outbox
from agreements.mail.bounces import Bounce
from agreements.mail.judgement import Judgement
from agreements.models import Agreement, Event, Link, Message, ShownForm, SignedForm
from agreements.requests import change_requests, objections
from proceedings.models import Author, Paper, Volume
from tests import make
from tests.make import CLOSES, DAY, NOW

pytestmark = pytest.mark.django_db

LATER = NOW + DAY
State = Message.State


def do_seal(agreement: Agreement, now: datetime) -> None:
    """Seals as the scheduled job does, whatever status the agreement has."""
    from django.conf import settings

    body = b"%PDF-1.7 for a test of the guard"
    name = rendering.store_sealed(agreement, body)
    key = seal.SealKey.load(settings.SEAL_KEY, settings.SEAL_CERT)
    lifecycle.seal(agreement, name=name, body=body, key=key, level="B-B", now=now)


def scan_of(agreement: Agreement) -> SignedForm:
    """Returns its signed form, or another agreement's if it has none, to test the guard."""
    if scan := signed_form.newest_form(agreement) or SignedForm.objects.first():
        return scan
    return make.receive(make.agreement("issued", of=make.paper(contact="somebody.else@example.org")))


def do_accept(agreement: Agreement, now: datetime) -> None:
    """An editor accepts a form, whatever status the agreement has."""
    reading = signed_form.FormReading(name=agreement.signer, date_written="1 Nov 2026", dated=NOW.date())
    signed_form.accept(agreement, scan_of(agreement), reading, by="editor:ed", now=now)


VERBS: dict[str, Callable[[Agreement, datetime], object]] = {
    "issue": lambda agreement, now: lifecycle.issue(agreement, by="editor:ed", now=now),
    "sign": lambda agreement, now: lifecycle.sign(agreement, make.signature_input(agreement), now=now),
    "receive": lambda agreement, now: make.receive(agreement, now=now),
    "accept": do_accept,
    "send-back": lambda agreement, now: signed_form.send_back(
        agreement, scan_of(agreement), ["date"], "", by="editor:ed", now=now
    ),
    "seal": do_seal,
    "decline": lambda agreement, now: lifecycle.decline(agreement, reason="No.", now=now),
    "hand-over": lambda agreement, now: delegate.delegate(
        agreement, make.coauthor(agreement, email="shruti@example.org"), now=now
    ),
    "lapse": lambda agreement, now: lifecycle.lapse(agreement, now=now),
    "supersede": lambda agreement, now: lifecycle.replace(agreement, reason="New title.", by="editor:ed", now=now),
    "waive": lambda agreement, now: lifecycle.waive(agreement, reason="A licence.", by="editor:ed", now=now),
    "void": lambda agreement, now: lifecycle.void(agreement, reason="A mistake.", by="editor:ed", now=now),
}


def rows(agreement: Agreement) -> dict[str, Any]:
    """Returns all rows about the agreement and its paper."""
    by_paper = {"paper": agreement.paper_id}
    of_these = {"agreement__paper": agreement.paper_id}
    return {
        "agreements": list(Agreement.objects.filter(**by_paper).order_by("pk").values()),
        "events": list(Event.objects.filter(**of_these).order_by("pk").values()),
        "messages": list(Message.objects.filter(**of_these).order_by("pk").values()),
        "links": list(Link.objects.filter(**of_these).order_by("pk").values()),
        "shown": list(ShownForm.objects.filter(**of_these).values("agreement")),
    }


def test_every_verb_of_the_table_is_tried_here() -> None:
    assert set(VERBS) == set(TRANSITIONS)


@pytest.mark.parametrize("status", make.ALL_STATUSES)
@pytest.mark.parametrize("verb", TRANSITIONS)
def test_a_transition_starts_from_its_own_statuses_and_rejects_all_others(verb: str, status: Status) -> None:
    agreement = make.agreement(status)
    if status in WAITING:
        make.reviewed(agreement)
    before = rows(agreement)
    if status in TRANSITIONS[verb].sources:
        VERBS[verb](agreement, LATER)
        agreement.refresh_from_db()
        assert agreement.status == TRANSITIONS[verb].target
        assert agreement.events.count() == len(before["events"]) + 1 - (status == "superseded")
        last = agreement.events.order_by("-number")[0]
        assert (last.kind, last.at) == (verb, LATER)
    else:
        with pytest.raises(
            lifecycle.TransitionError, match=re.escape(f"({STATUS_LABELS[Status(status)]}). Reload the page.")
        ):
            VERBS[verb](agreement, LATER)
        assert rows(agreement) == before
    assert list(audit.check_all()) == []


@pytest.mark.parametrize("verb", TRANSITIONS)
def test_a_verb_whose_event_cannot_be_written_changes_nothing(verb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    source = next(
        s for s in (Status.DRAFT, Status.ISSUED, Status.RECEIVED, Status.SIGNED) if s in TRANSITIONS[verb].sources
    )
    agreement = make.agreement(source)
    if source == Status.ISSUED:
        make.reviewed(agreement)
    before = rows(agreement)

    def disk_full(*args: Any, **kwargs: Any) -> None:
        raise DatabaseError("no space left")

    monkeypatch.setattr(Event.objects, "bulk_create", disk_full)
    with pytest.raises(DatabaseError):
        VERBS[verb](agreement, LATER)
    assert rows(agreement) == before


@pytest.mark.parametrize("verb", ["issue", "seal", "decline", "hand-over", "supersede"])
def test_a_verb_whose_email_cannot_be_queued_changes_nothing(verb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    source = next(
        s for s in (Status.DRAFT, Status.ISSUED, Status.RECEIVED, Status.SIGNED) if s in TRANSITIONS[verb].sources
    )
    agreement = make.agreement(source)
    before = rows(agreement)

    def fail(*args: Any, **kwargs: Any) -> bool:
        raise DatabaseError("no space left")

    monkeypatch.setattr(outbox, "insert_messages", fail)
    with pytest.raises(DatabaseError):
        VERBS[verb](agreement, LATER)
    assert rows(agreement) == before


def test_an_event_that_is_written_twice_is_rejected_with_its_transition() -> None:
    agreement = make.agreement("issued")
    Event.objects.create(
        agreement=agreement,
        number=agreement.event_count + 1,
        kind="forged",
        at=NOW,
        by="nobody",
        previous="",
        digest="0",
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        lifecycle.void(agreement, reason="A mistake.", by="editor:ed", now=LATER)
    agreement.refresh_from_db()
    assert agreement.status == "issued"
    assert agreement.closed_at is None


# --- draft and issue


def test_a_draft_takes_the_snapshot_and_emails_nobody() -> None:
    paper = make.paper(title="Optimal Rates for $\\ell_1$")
    agreement = lifecycle.draft(paper, by="editor:ed", now=NOW)
    assert agreement.status == "draft"
    assert agreement.title == "Optimal Rates for $\\ell_1$"
    assert agreement.authors == ["Mike Lewis", "Shruti Bhosale", "Tim Dettmers"]
    assert (agreement.signer, agreement.signer_email) == ("Mike Lewis", "mike@example.org")
    assert agreement.messages.count() == 0
    assert make.history(agreement) == ["draft"]


def test_the_reference_names_volume_and_paper_and_cannot_be_guessed() -> None:
    paper = make.paper()
    references = {snapshot.new_reference(paper) for _ in range(200)}
    assert len(references) == 200
    for reference in references:
        volume, key, tail = reference.split("-", 1)[0], reference[4:-7], reference[-6:]
        assert (volume, key) == ("247", paper.key)
        assert set(tail) <= set(snapshot.REFERENCE_ALPHABET)


def test_issuing_takes_the_facts_of_that_moment_and_queues_the_invitation() -> None:
    agreement = make.agreement("draft")
    Paper.objects.filter(pk=agreement.paper_id).update(title="A Better Title")
    agreement.refresh_from_db()
    lifecycle.issue(agreement, by="editor:ed", now=LATER)
    assert agreement.title == "A Better Title"
    assert (agreement.issued_at, agreement.next_check_at) == (LATER, LATER)
    invitation = make.invitation(agreement)
    assert (invitation.state, invitation.kind, invitation.due_at) == (State.PENDING, "invitation", LATER)
    assert invitation.recipient == "mike@example.org"
    said = agreement.events.get(kind="issue").data
    assert said["title"] == "A Better Title"
    assert said["text_sha256"] == agreement.text.digest


def test_names_and_titles_are_stored_as_nfc() -> None:
    paper = make.paper(title="Bézier Ångström")
    Author.objects.filter(paper=paper, position=1).update(given="Rene\N{COMBINING ACUTE ACCENT}")
    agreement = make.agreement(of=paper)
    assert agreement.title == "Bézier Ångström"
    assert agreement.signer == "René Lewis"
    assert agreement.authors[0] == "René Lewis"


def test_later_edits_of_the_paper_do_not_touch_the_agreement() -> None:
    agreement = make.agreement("issued")
    before = agreement.facts
    Paper.objects.filter(pk=agreement.paper_id).update(title="Another")
    Author.objects.filter(paper=agreement.paper_id, position=1).update(family="Lewin", email="new@example.org")
    Volume.objects.filter(pk=agreement.paper.volume_id).update(name="Another Conference")
    assert Agreement.objects.get(pk=agreement.pk).facts == before


def test_a_paper_has_one_live_agreement() -> None:
    agreement = make.agreement("issued")
    with pytest.raises(snapshot.NotReadyError, match="already has an agreement"):
        lifecycle.draft(agreement.paper, by="editor:ed", now=LATER)


@pytest.mark.parametrize("status", sorted(set(make.ALL_STATUSES) - LIVE - {Status.SUPERSEDED}))
def test_a_paper_whose_agreement_has_ended_can_have_a_new_one(status: Status) -> None:
    old = make.agreement(status)
    new = make.agreement("issued", of=old.paper, now=LATER)
    assert new.pk != old.pk
    assert make.invitation(new).state == State.PENDING


def test_withdrawing_a_paper_voids_its_live_agreement_after_the_volume_was_renumbered() -> None:
    old = make.agreement("issued")
    Volume.objects.filter(pk=old.paper.volume_id).update(number=old.volume_number + 100)
    paper = Paper.objects.get(pk=old.paper_id)
    lifecycle.void(old, reason="The number changed.", by="editor:ed", now=NOW)
    live = make.agreement("issued", of=paper, now=LATER)
    assert live.volume_number > old.volume_number

    assert lifecycle.withdraw_paper(paper.pk, by="editor:ed", now=LATER)

    live.refresh_from_db()
    assert live.status == Status.VOIDED


def test_a_withdrawn_paper_is_not_ready() -> None:
    with pytest.raises(snapshot.NotReadyError, match="withdrawn"):
        lifecycle.draft(make.paper(status="withdrawn"), by="editor:ed", now=NOW)


def test_a_paper_without_a_corresponding_author_is_not_ready_and_is_told_what_to_do() -> None:
    with pytest.raises(snapshot.NotReadyError, match="Choose one and enter an email address"):
        lifecycle.draft(make.paper(contact=None), by="editor:ed", now=NOW)


def test_characters_that_the_form_cannot_show_are_named_before_anything_is_sent() -> None:
    with pytest.raises(snapshot.NotReadyError, match=r"U\+E000"):
        lifecycle.draft(make.paper(title="A \ue000 sign"), by="editor:ed", now=NOW)


def test_a_volume_without_signing_settings_cannot_issue() -> None:
    agreement = lifecycle.draft(make.paper(make.volume(deadline=None)), by="editor:ed", now=NOW)
    with pytest.raises(snapshot.NotReadyError, match="no signing settings"):
        lifecycle.issue(agreement, by="editor:ed", now=NOW)
    assert make.history(agreement) == ["draft"]


# --- the author's transitions


def test_l07_l14_a_signature_is_complete_in_one_step() -> None:
    agreement = make.agreement("issued")
    act = make.reviewed(agreement, typed_name="M. Lewis", agent="x" * 900)
    lifecycle.sign(agreement, act, now=LATER)
    agreement.refresh_from_db()
    assert (agreement.status, agreement.signed_at, agreement.typed_name) == ("signed", LATER, "M. Lewis")
    assert (agreement.consent, agreement.authority) == (act.consent.text, act.authority.text)
    assert agreement.shown_sha256 == sha256(act.shown) == sha256(bytes(agreement.shown.body))
    assert (agreement.signer_address, len(agreement.signer_agent)) == ("192.0.2.7", 500)
    assert agreement.next_check_at is None
    said = agreement.events.get(kind="sign").data
    assert said["shown_sha256"] == agreement.shown_sha256
    assert said["text_sha256"] == agreement.text.digest


def test_l03_what_was_not_reviewed_is_not_signed() -> None:
    """Form shown, then consent, then signature: any other order is rejected and writes nothing."""
    agreement = make.agreement("issued")
    before = rows(agreement)
    with pytest.raises(lifecycle.NotReviewedError):
        lifecycle.sign(agreement, make.signature_input(agreement), now=LATER)
    agreement.refresh_from_db()
    assert rows(agreement) == before
    make.reviewed(agreement)
    for other in (
        {"shown": b"%PDF-another"},
        {"consent": SignedStatement("Other.")},
        {"authority": SignedStatement("Other.")},
    ):
        with pytest.raises(lifecycle.NotReviewedError):
            lifecycle.sign(fresh(agreement), make.signature_input(agreement, **other), now=LATER)
    lifecycle.sign(fresh(agreement), make.signature_input(agreement), now=LATER)
    events = agreement.events.order_by("number").values_list("kind", "at")
    assert [kind for kind, _ in events] == ["draft", "issue", "reviewed", "sign"]
    assert [at for _, at in events] == sorted(at for _, at in events)


def test_reviewing_twice_is_recorded_once_and_never_after_the_status_changed() -> None:
    agreement = make.agreement("issued")
    make.reviewed(agreement)
    make.reviewed(agreement, typed_name="M. Lewis")
    assert make.history(agreement).count("reviewed") == 1
    lifecycle.void(agreement, reason="A mistake.", by="editor:ed", now=LATER)
    with pytest.raises(lifecycle.TransitionError, match="voided by an editor"):
        make.reviewed(agreement)


def test_l01_the_signature_says_which_statements_were_ticked_in_which_language() -> None:
    agreement = make.agreement("issued")
    act = make.reviewed(agreement)
    lifecycle.sign(agreement, act, now=LATER)
    said = agreement.events.get(kind="sign").data
    assert (said["consent"], said["authority"], said["language"]) == (act.consent.text, act.authority.text, "en")
    assert agreement.events.get(kind="reviewed").data["consent_sha256"] == act.consent.digest


def test_l20_the_network_address_and_the_browser_stay_out_of_the_chain() -> None:
    agreement = make.agreement("signed")
    said = str(list(agreement.events.values_list("data", flat=True)))
    assert "192.0.2.7" not in said
    assert "Mozilla" not in said


@pytest.mark.parametrize("missing", ["typed_name", "consent", "authority"])
def test_a_signature_without_its_evidence_is_rejected_by_the_database(missing: str) -> None:
    agreement = make.agreement("issued")
    act = make.reviewed(agreement, now=NOW, **{missing: "" if missing == "typed_name" else SignedStatement("")})
    before = rows(agreement)
    with pytest.raises(IntegrityError), transaction.atomic():
        lifecycle.sign(agreement, act, now=LATER)
    assert rows(agreement) == before


@pytest.mark.parametrize("verb", ["sign", "decline", "hand-over", "waive", "void", "supersede"])
def test_transitions_that_end_the_wait_cancel_all_unsent_email(verb: str) -> None:
    agreement = make.agreement("issued")
    make.reminder(agreement, skipped=("r1:T-14",))
    make.reviewed(agreement)
    VERBS[verb](agreement, LATER)
    states = dict(agreement.messages.values_list("idempotency_key", "state"))
    assert states["invitation"] == states["r1:T-7"] == State.CANCELLED
    assert states["r1:T-14"] == State.SKIPPED


@pytest.mark.parametrize("verb", ["decline", "hand-over", "waive", "void", "supersede"])
def test_closing_an_agreement_kills_its_links(verb: str) -> None:
    agreement = make.agreement("issued")
    token = make.token(agreement)
    assert links.find_link(token, Link.Purpose.SIGN, LATER) is not None
    VERBS[verb](agreement, LATER)
    assert links.find_link(token, Link.Purpose.SIGN, LATER) is None


def test_after_signing_the_link_still_leads_to_the_receipt() -> None:
    agreement = make.agreement("issued")
    token = make.token(agreement)
    make.sign(agreement)
    link = links.find_link(token, Link.Purpose.SIGN, LATER)
    assert link is not None
    assert link.agreement == agreement


def test_l18_declining_notifies_the_author_and_every_active_editor_once() -> None:
    agreement = make.agreement("issued")
    volume = agreement.paper.volume
    make.editor("ed", volume)
    make.editor("mo", volume)
    make.editor("gone", volume, is_active=False)
    lifecycle.decline(agreement, reason="The title changed.", now=LATER)
    told = agreement.messages.filter(state=State.PENDING).order_by("recipient")
    assert [(m.kind, m.recipient) for m in told] == [
        ("editor-declined", "ed@desk.example"),
        ("declined", "mike@example.org"),
        ("editor-declined", "mo@desk.example"),
    ]
    assert (agreement.status, agreement.reason, agreement.closed_at) == ("declined", "The title changed.", LATER)


def test_without_editors_the_decline_is_emailed_to_the_reply_address() -> None:
    agreement = make.agreement("declined")
    assert agreement.messages.get(kind="editor-declined").recipient == "chair@desk.example"


def test_without_any_address_of_an_editor_declining_still_works() -> None:
    volume = make.volume(reply_to="")
    agreement = make.agreement("issued", of=make.paper(volume))
    lifecycle.decline(agreement, reason="", now=LATER)
    assert list(agreement.messages.filter(state=State.PENDING).values_list("kind", flat=True)) == ["declined"]


# --- the seal


def test_sealing_queues_the_receipt_and_clears_old_failures() -> None:
    agreement = make.agreement("signed")
    lifecycle.record_seal_failure(agreement, error="OSError: disk full", now=NOW)
    agreement.refresh_from_db()
    make.seal(agreement, now=LATER)
    assert (agreement.status, agreement.sealed_at, agreement.seal_error, agreement.seal_after) == (
        "sealed",
        LATER,
        "",
        None,
    )
    receipt = agreement.messages.get(kind="receipt")
    assert receipt.idempotency_key == f"receipt:{agreement.sealed_sha256[:16]}"
    assert (receipt.state, receipt.recipient) == (State.PENDING, "mike@example.org")
    assert agreement.events.get(kind="seal").data["sha256"] == agreement.sealed_sha256


def test_a_failed_seal_leaves_the_signature_and_waits_longer_each_time() -> None:
    agreement = make.agreement("signed")
    waits = []
    for _ in range(6):
        lifecycle.record_seal_failure(agreement, error="SealError: no key", now=NOW)
        agreement.refresh_from_db()
        assert agreement.seal_after is not None
        waits.append((agreement.seal_after - NOW).total_seconds() / 60)
    assert waits == [1, 5, 15, 60, 60, 60]
    assert (agreement.status, agreement.seal_attempts, agreement.seal_error) == ("signed", 6, "SealError: no key")


def test_a_failed_seal_leaves_an_agreement_that_changed_meanwhile_alone() -> None:
    agreement = make.agreement("voided")
    lifecycle.record_seal_failure(agreement, error="late", now=LATER)
    agreement.refresh_from_db()
    assert (agreement.seal_attempts, agreement.seal_error) == (0, "")


# --- the editor's transitions


def test_superseding_joins_old_and_new_and_issues_the_new_one() -> None:
    old = make.agreement("sealed")
    Paper.objects.filter(pk=old.paper_id).update(title="A Corrected Title")
    new = lifecycle.replace(old, reason="The title changed.", by="editor:ed", now=LATER)
    old.refresh_from_db()
    assert (old.status, old.closed_at, old.reason) == ("superseded", LATER, "The title changed.")
    assert old.successor == new
    assert (new.predecessor, new.status, new.title) == (old, "issued", "A Corrected Title")
    assert old.title != new.title
    assert old.sealed_sha256
    assert new.events.get(kind="draft").data == {"predecessor": old.reference}


def test_superseding_a_paper_that_is_not_ready_leaves_the_old_agreement_in_force() -> None:
    old = make.agreement("issued")
    Author.objects.filter(paper=old.paper_id).update(is_corresponding=False)
    before = rows(old)
    with pytest.raises(snapshot.NotReadyError):
        lifecycle.replace(old, reason="New contact.", by="editor:ed", now=LATER)
    assert rows(old) == before


@pytest.mark.parametrize("verb", ["void", "supersede"])
def test_an_editor_who_ends_an_agreement_gives_a_reason(verb: str) -> None:
    agreement = make.agreement("issued")
    before = rows(agreement)
    ended = lifecycle.void if verb == "void" else lifecycle.replace
    with pytest.raises(IntegrityError), transaction.atomic():
        ended(agreement, reason="", by="editor:ed", now=LATER)
    assert rows(agreement) == before


def test_evidence_outlives_every_end() -> None:
    agreement = make.agreement("sealed")
    lifecycle.void(agreement, reason="The paper was withdrawn.", by="editor:ed", now=LATER)
    agreement.refresh_from_db()
    assert agreement.signed_at
    assert agreement.sealed_sha256
    assert agreement.shown.body


# --- reminders and notes


def test_a_reminder_is_queued_once_per_idempotency_key() -> None:
    agreement = make.agreement("issued")
    Message.objects.update(state=State.SENT, sent_at=NOW)
    due = CLOSES - 7 * DAY
    assert lifecycle.remind([agreement.pk], now=due) == 1
    agreement.refresh_from_db()
    assert agreement.next_check_at == due + MIN_EMAIL_GAP
    assert lifecycle.remind([agreement.pk], now=due) == 0
    assert agreement.messages.filter(idempotency_key="r1:T-7").count() == 1


@pytest.mark.parametrize("status", sorted(set(make.ALL_STATUSES) - WAITING))
def test_nobody_is_reminded_of_an_agreement_that_does_not_wait(status: Status) -> None:
    agreement = make.agreement(status)
    before = rows(agreement)
    assert not lifecycle.remind([agreement.pk], now=CLOSES - 7 * DAY)
    assert not lifecycle.remind_now(agreement, by="editor:ed", now=LATER)
    assert rows(agreement) == before


def test_an_editors_reminder_waits_for_the_email_that_is_being_sent() -> None:
    agreement = make.agreement("issued")
    assert not lifecycle.remind_now(agreement, by="editor:ed", now=NOW)
    assert "remind" not in make.history(agreement)


@pytest.mark.alone
def test_changed_signing_settings_replan_only_that_volumes_agreements() -> None:
    waiting, signed = make.agreement("issued"), make.agreement("signed")
    elsewhere = make.agreement("issued", of=make.paper(make.volume(248)))
    Agreement.objects.update(next_check_at=None)
    lifecycle.recheck_volume(waiting.paper.volume_id, LATER)
    looks = dict(Agreement.objects.values_list("pk", "next_check_at"))
    assert looks == {waiting.pk: LATER, signed.pk: None, elsewhere.pk: None}


def test_every_kind_of_event_has_a_description() -> None:
    for status in make.ALL_STATUSES:
        make.agreement(status)
    agreement = make.agreement("sealed")
    lifecycle.record_delivery(agreement, by="editor:ed", now=LATER, sha256=agreement.sealed_sha256)
    for message in agreement.messages.all():
        lifecycle.record_mail_result(message, State.SENT, LATER)
        lifecycle.record_mail_result(message, State.UNKNOWN, LATER)
    stopped = make.agreement("issued")
    lifecycle.stop_reminders(stopped, now=LATER)
    refused = make.invitation(stopped)
    refused.error = "550 no such user"
    lifecycle.record_mail_result(refused, State.FAILED, LATER)
    lifecycle.record_bounce(
        Bounce(refused.message_id, judgement=Judgement.ADDRESS, detail="5.1.1", digest="0"), now=LATER
    )
    waiting = make.agreement("issued")
    lifecycle.pause(waiting, until=None, by="editor:ed", now=LATER)
    lifecycle.resume(waiting, by="editor:ed", now=LATER)
    change_requests.reject(make.change_request(waiting), reason="No.", by="editor:ed", now=LATER)
    signed_form.send_back(waiting, make.receive(waiting), ["date"], "", by="editor:ed", now=LATER)
    make.receive(waiting)
    signed_form.receive_again(waiting, make.pages("a better one"), now=LATER)
    make.accepted()
    delegate.delegate(waiting, make.coauthor(waiting, email="shruti@example.org"), now=LATER)
    lifecycle.record_damage(make.agreement("sealed"), "it cannot be read.", now=LATER)
    objections.record_objection(make.agreement("signed"), by="Shruti Bhosale", reason="Nobody asked me.", now=LATER)
    make.every_edit_and_correction(agreement, now=LATER)
    kinds = set(Event.objects.values_list("kind", flat=True))
    assert kinds == set(history.EVENT_LABELS) - {"remind"}
    for happening in history.history_lines(Event.objects.all()):
        assert happening.what
        assert "{" not in happening.what


# --- races, with real commits

ROUNDS = 100 if connection.vendor == "postgresql" else 10
"""SQLite has one writer at a time, so fewer rounds suffice."""


def both(first: Callable[[], object], second: Callable[[], object]) -> list[str]:
    """Runs two calls simultaneously on separate connections. Returns the result of each."""
    start, ended = threading.Barrier(2), ["", ""]

    def run(index: int, call: Callable[[], object]) -> None:
        try:
            start.wait(10)
            call()
            ended[index] = "done"
        except lifecycle.TransitionError:
            ended[index] = "wrong move"
        except snapshot.NotReadyError:
            ended[index] = "not ready"
        except Exception as error:  # noqa: BLE001 - the test checks the error
            ended[index] = repr(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate((first, second))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return ended


def fresh(agreement: Agreement) -> Agreement:
    return Agreement.objects.select_related("text").get(pk=agreement.pk)


@pytest.mark.usefixtures("committed")
def test_s08_two_tabs_that_sign_at_once_make_one_signature() -> None:
    volume = make.volume()
    for _ in range(ROUNDS):
        agreement = make.agreement("issued", of=make.paper(volume))
        one, other = fresh(agreement), fresh(agreement)
        acts = make.reviewed(one, typed_name="Mike Lewis"), make.signature_input(other, typed_name="M. Lewis")
        ended = both(
            partial(lifecycle.sign, one, acts[0], now=LATER),
            partial(lifecycle.sign, other, acts[1], now=LATER),
        )
        assert sorted(ended) == ["done", "wrong move"]
        winner = ["Mike Lewis", "M. Lewis"][ended.index("done")]
        agreement.refresh_from_db()
        assert agreement.typed_name == winner
        assert make.history(agreement).count("sign") == 1
    assert list(audit.check_all()) == []


@pytest.mark.usefixtures("committed")
@pytest.mark.parametrize("verb", ["void", "waive", "decline", "hand-over", "supersede"])
def test_of_signing_and_ending_at_once_one_wins_or_the_end_comes_second(verb: str) -> None:
    volume = make.volume()
    for _ in range(ROUNDS):
        agreement = make.agreement("issued", of=make.paper(volume))
        one, other = fresh(agreement), fresh(agreement)
        act = make.reviewed(one)
        ended = both(
            partial(lifecycle.sign, one, act, now=LATER),
            partial(VERBS[verb], other, LATER),
        )
        agreement.refresh_from_db()
        assert "done" in ended
        assert set(ended) <= {"done", "wrong move"}
        if ended == ["done", "done"]:
            assert verb not in ("decline", "hand-over")
            assert agreement.status == TRANSITIONS[verb].target
            assert agreement.signed_at
        assert not agreement.messages.filter(idempotency_key="invitation", state__in=outbox.OPEN_STATES).exists()
    assert list(audit.check_all()) == []


@pytest.mark.usefixtures("committed")
def test_two_editors_who_draft_at_once_make_one_agreement() -> None:
    volume = make.volume()
    make.agreement("draft", of=make.paper(volume))
    for _ in range(8):
        paper = make.paper(volume)
        one, other = Paper.objects.get(pk=paper.pk), Paper.objects.get(pk=paper.pk)
        ended = both(
            partial(lifecycle.draft, one, by="editor:ed", now=NOW),
            partial(lifecycle.draft, other, by="editor:mo", now=NOW),
        )
        assert sorted(ended) == ["done", "not ready"]
        assert paper.agreements.count() == 1


@pytest.mark.usefixtures("committed")
def test_notes_from_two_workers_make_one_whole_chain() -> None:
    agreement = make.agreement("issued")

    def write() -> None:
        for number in range(10):
            lifecycle.record_event(agreement.pk, "remind", by="editor:ed", now=LATER, data={"number": number})

    assert both(write, write) == ["done", "done"]
    assert make.history(agreement) == ["draft", "issue"] + ["remind"] * 20
    assert list(audit.check_all()) == []


@pytest.mark.usefixtures("committed")
def test_a_reminder_that_races_with_the_signature_is_never_sent() -> None:
    volume = make.volume()
    for _ in range(8):
        agreement = make.agreement("issued", of=make.paper(volume))
        one, other = fresh(agreement), fresh(agreement)
        act = make.reviewed(one)
        ended = both(
            partial(lifecycle.sign, one, act, now=LATER),
            partial(lifecycle.remind, [other.pk], now=CLOSES - 7 * DAY),
        )
        assert ended == ["done", "done"]
        assert not agreement.messages.filter(state__in=outbox.OPEN_STATES).exists()


@pytest.mark.usefixtures("committed")
def test_two_workers_who_seal_at_once_make_one_seal() -> None:
    agreement = make.agreement("signed")
    results: list[str] = []
    one, other = fresh(agreement), fresh(agreement)
    ended = both(
        lambda: results.append(scheduled.seal_one(one, LATER)),
        lambda: results.append(scheduled.seal_one(other, LATER)),
    )
    assert ended == ["done", "done"]
    assert sorted(results) == ["lost", "sealed"]
    agreement.refresh_from_db()
    assert make.history(agreement).count("seal") == 1
    assert agreement.messages.filter(kind="receipt").count() == 1
