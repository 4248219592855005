"""Signed forms: what authors send, how editors resolve it, and what is stored (L4)."""

import io
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.storage import storages
from django.db import DatabaseError, IntegrityError, transaction
from pypdf import PdfReader

from agreements import lifecycle
from agreements.dashboard import health, overview
from agreements.dashboard.blockers import Blocker
from agreements.delivery import readiness
from agreements.documents import audit, evidence_bundle, rendering, seal, verification
from agreements.documents.checklist import AUTHOR_MESSAGES, CONFIRMED_LABELS, MISSING_LABELS
from agreements.domain.facts import sha256
from agreements.domain.schedule import PAUSE_AFTER_REQUEST
from agreements.domain.states import Status
from agreements.jobs import scheduled
from agreements.lifecycle import signed_form
from agreements.mail import compose, links, outbox
from agreements.models import Agreement, Event, Link, Message, SignedForm
from agreements.reminders import invariants
from agreements.requests import link_requests
from tests import make
from tests.agreements.lifecycle.test_lifecycle import ROUNDS, both
from tests.agreements.lifecycle.test_lifecycle import fresh as again
from tests.agreements.photos import photo
from tests.make import CLOSES, DAY, HOUR, NOW

pytestmark = pytest.mark.django_db

LATER = NOW + DAY
Kind = Message.Kind


def kinds(agreement: Agreement) -> list[str]:
    return list(agreement.messages.filter(state="pending").order_by("pk").values_list("kind", flat=True))


def send_back(agreement: Agreement, *missing: str, note: str = "", now: datetime = LATER) -> None:
    scan = signed_form.newest_form(agreement)
    assert scan
    signed_form.send_back(agreement, scan, missing or ("date",), note, by="editor:ed", now=now)


def stored(name: str) -> bytes:
    with storages["private"].open(name) as file:
        return bytes(file.read())


# --- received


def test_l04_a_signed_form_is_stored_unchanged_under_its_digest() -> None:
    agreement = make.agreement("issued")
    scan = make.receive(agreement, now=LATER)
    (one,) = scan.files
    assert stored(one["name"]) == photo()
    assert sha256(photo()) == one["sha256"]
    assert sha256(photo())[:32] in one["name"]
    assert sha256(stored(scan.pages_file)) == scan.pages_sha256
    assert (agreement.status, agreement.received_at, scan.received_at) == (Status.RECEIVED, LATER, LATER)
    event = agreement.events.get(kind="receive")
    assert event.data == {
        "files": [{"sha256": one["sha256"], "size": len(photo()), "kind": "jpg", "pages": 1}],
        "pages": 1,
        "pages_sha256": scan.pages_sha256,
    }
    assert list(audit.check_all()) == []


def test_the_editors_are_told_and_the_author_gets_no_reminder() -> None:
    make.editor("ed", make.the_volume())
    agreement = make.agreement("issued")
    lifecycle.remind_now(agreement, by="editor:ed", now=NOW)
    outbox.cancel_open(agreement.pk)
    make.receive(agreement, now=LATER)
    assert kinds(agreement) == ["editor-received"]
    message = agreement.messages.get(kind="editor-received")
    body = str(compose.compose(message, LATER).body)
    assert f"/admin/agreements/agreement/{agreement.pk}/scan/" in body
    assert "/sign/" not in body


def test_a_reminder_that_is_on_its_way_is_withdrawn_when_the_form_comes_in() -> None:
    agreement = make.agreement("issued")
    outbox.cancel_open(agreement.pk)
    assert lifecycle.remind_now(agreement, by="editor:ed", now=NOW)
    make.receive(agreement)
    assert agreement.messages.get(kind="reminder").state == Message.State.CANCELLED
    assert not lifecycle.remind_now(agreement, by="editor:ed", now=LATER)


def test_l04_the_links_go_on_working_and_the_author_can_still_sign() -> None:
    agreement = make.agreement("received")
    assert links.find_link(make.token(agreement), Link.Purpose.SIGN, LATER) is not None
    make.sign(agreement, now=LATER)
    assert agreement.status == Status.SIGNED
    assert agreement.signed_form is None
    make.seal(again(agreement), now=LATER)


def test_a_new_link_can_be_asked_for_meanwhile() -> None:
    assert link_requests.send_link(make.agreement("received"), LATER)


def test_a_better_form_replaces_the_first_while_nobody_has_reviewed_it() -> None:
    agreement = make.agreement("received")
    better = signed_form.receive_again(agreement, make.pages("a sharper photo"), now=LATER)
    assert signed_form.newest_form(agreement) == better
    assert SignedForm.objects.filter(agreement=agreement).count() == 2
    assert make.history(agreement)[-2:] == ["receive", "receive-again"]
    agreement.refresh_from_db()
    assert agreement.status == Status.RECEIVED


@pytest.mark.parametrize("status", [one for one in make.ALL_STATUSES if one != Status.RECEIVED])
def test_another_form_is_accepted_only_while_one_awaits_review(status: Status) -> None:
    agreement = make.agreement(status)
    before = agreement.events.count()
    with pytest.raises(lifecycle.TransitionError):
        signed_form.receive_again(agreement, make.pages(), now=LATER)
    assert (agreement.events.count(), agreement.signed_forms.count()) == (before, 0)


def test_what_came_in_is_there_before_any_row_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    agreement = make.agreement("issued")

    def disk_full(*args: Any) -> str:
        raise OSError("no space left")

    monkeypatch.setattr(rendering, "store_as", disk_full)
    with pytest.raises(OSError, match="no space"):
        make.receive(agreement)
    agreement.refresh_from_db()
    assert agreement.status == Status.ISSUED
    assert agreement.signed_forms.count() == 0


def test_a_form_whose_row_cannot_be_written_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    agreement = make.agreement("issued")

    def fail(*args: Any, **kwargs: Any) -> SignedForm:
        raise DatabaseError("no space left")

    monkeypatch.setattr(SignedForm.objects, "create", fail)
    with pytest.raises(DatabaseError):
        make.receive(agreement)
    agreement.refresh_from_db()
    assert (agreement.status, make.history(agreement)) == (Status.ISSUED, ["draft", "issue"])


# --- reminders are paused


def left(agreement: Agreement) -> None:
    """Marks all emails so far as sent some time ago."""
    agreement.messages.filter(state="pending").update(state="sent", sent_at=NOW)


def test_l04_reminders_rest_for_a_week_and_go_on_by_themselves() -> None:
    agreement = make.agreement("issued")
    left(agreement)
    came_in = CLOSES - 12 * DAY
    make.receive(agreement, now=came_in)
    left(agreement)
    for hours in range(0, 7 * 24, 6):
        assert scheduled.remind_due(came_in + hours * HOUR) == 0
    assert scheduled.remind_due(came_in + PAUSE_AFTER_REQUEST) == 1
    reminder = agreement.messages.get(kind="reminder", state="pending")
    body = str(compose.compose(reminder, came_in + PAUSE_AFTER_REQUEST).body)
    assert "the editors have not reviewed it yet" in " ".join(body.split())
    assert list(invariants.check_ended()) + list(invariants.check_planned(came_in + PAUSE_AFTER_REQUEST)) == []


def test_changed_signing_settings_do_not_end_the_pause() -> None:
    agreement = make.agreement("issued")
    left(agreement)
    came_in = CLOSES - 2 * DAY
    make.receive(agreement, now=came_in)
    lifecycle.recheck_volume(agreement.paper.volume_id, came_in + HOUR)
    assert scheduled.remind_due(came_in + HOUR) == 0
    agreement.refresh_from_db()
    assert agreement.next_check_at == came_in + PAUSE_AFTER_REQUEST


def test_no_reminder_planned_before_the_form_came_in_is_queued() -> None:
    agreement = make.agreement("issued")
    left(agreement)
    make.receive(agreement, now=CLOSES - 2 * DAY)
    assert lifecycle.remind([agreement.pk], now=CLOSES - 2 * DAY + HOUR) == 0


def test_reminders_go_on_when_the_form_is_sent_back() -> None:
    agreement = make.agreement("issued")
    left(agreement)
    came_in = CLOSES - 4 * DAY
    make.receive(agreement, now=came_in)
    left(agreement)
    send_back(agreement, now=came_in + HOUR)
    agreement.messages.filter(kind="sent-back").update(state="sent", sent_at=came_in + HOUR)
    assert scheduled.remind_due(came_in + 2 * HOUR) == 0  # one email a day is the limit
    assert scheduled.remind_due(came_in + 30 * HOUR) == 1


# --- accepted


def test_l04_an_accepted_form_is_signed_with_its_date_as_written_and_as_read() -> None:
    agreement = make.accept(make.agreement("received"), now=LATER, dated=date(2026, 11, 1), date_written="1/11/26")
    assert (agreement.status, agreement.signed_at) == (Status.SIGNED, LATER)
    assert (agreement.date_written, agreement.dated) == ("1/11/26", date(2026, 11, 1))
    assert agreement.signed_form == signed_form.newest_form(agreement)
    assert agreement.shown_sha256 == sha256(rendering.render_form(agreement)) == sha256(bytes(agreement.shown.body))
    event = agreement.events.get(kind="accept")
    assert (event.by, event.data["date_written"], event.data["dated"]) == ("editor:ed", "1/11/26", "2026-11-01")
    assert event.data["checked"] == list(CONFIRMED_LABELS)
    assert list(audit.check_all()) == []


def test_the_year_of_clause_7_begins_on_the_day_that_the_form_has() -> None:
    agreement = make.accept(make.agreement("received"), now=NOW + 20 * DAY, dated=NOW.date())
    make.seal(agreement, now=NOW + 20 * DAY)
    midnight = datetime(2027, 11, 1, tzinfo=NOW.tzinfo)
    assert scheduled.lapse_unpublished(midnight - HOUR) == 0
    assert scheduled.lapse_unpublished(midnight + HOUR) == 1


@pytest.mark.parametrize(
    ("dated", "fits"),
    [
        (date(2026, 10, 30), False),
        (date(2026, 10, 31), True),  # issued on 1 November at 9 UTC: still October in the far west
        (date(2026, 11, 2), True),
        (date(2026, 11, 3), True),  # accepted on the 2nd at 10 UTC or later: the 3rd has begun in the far east
        (date(2026, 11, 4), False),
        (date(2025, 11, 2), False),
    ],
)
def test_a_date_before_the_form_was_sent_out_or_yet_to_come_is_rejected(dated: date, fits: bool) -> None:
    agreement, now = make.agreement("received"), LATER + 2 * HOUR
    if fits:
        make.accept(agreement, now=now, dated=dated)
        return
    before = make.history(agreement)
    with pytest.raises(signed_form.SignedFormError, match="between the day of issue and today"):
        make.accept(agreement, now=now, dated=dated)
    agreement.refresh_from_db()
    assert (agreement.status, make.history(agreement)) == (Status.RECEIVED, before)


def test_a_form_that_nobody_reviewed_is_not_accepted_in_the_place_of_another() -> None:
    agreement = make.agreement("received")
    looked_at = signed_form.newest_form(agreement)
    assert looked_at
    signed_form.receive_again(agreement, make.pages("another"), now=LATER)
    reading = signed_form.FormReading("Mike Lewis", "1 Nov 2026", NOW.date())
    with pytest.raises(signed_form.SignedFormError, match="sent a newer form"):
        signed_form.accept(agreement, looked_at, reading, by="editor:ed", now=LATER)
    with pytest.raises(signed_form.SignedFormError, match="sent a newer form"):
        signed_form.send_back(agreement, looked_at, ["date"], "", by="editor:ed", now=LATER)
    agreement.refresh_from_db()
    assert agreement.status == Status.RECEIVED


def test_a_form_of_which_no_file_can_be_made_is_not_accepted() -> None:
    agreement = make.agreement("received")
    scan = signed_form.newest_form(agreement)
    assert scan
    storages["private"].delete(scan.pages_file)
    with pytest.raises(signed_form.SignedFormError, match="cannot make a sealed PDF"):
        make.accept(agreement, now=LATER)
    agreement.refresh_from_db()
    assert (agreement.status, agreement.signed_at) == (Status.RECEIVED, None)


def test_accepting_tells_the_co_authors_and_ends_all_other_email() -> None:
    agreement = make.agreement("issued")
    make.coauthor(agreement, email="shruti@example.org")
    make.receive(agreement)
    make.accept(agreement, now=LATER)
    assert kinds(agreement) == ["coauthor"]
    letter = compose.compose(agreement.messages.get(kind="coauthor"), LATER)
    assert "signed by hand on" in " ".join(str(letter.body).split())


# --- sent back


def test_l04_a_form_that_is_sent_back_tells_the_author_what_is_missing_with_a_link() -> None:
    agreement = make.agreement("received")
    send_back(agreement, "date", "pages", note="The lower half is dark.")
    assert (agreement.status, agreement.received_at) == (Status.ISSUED, None)
    message = agreement.messages.get(kind="sent-back")
    letter = compose.compose(message, LATER)
    for body in (str(letter.body), str(letter.alternatives[0].content)):  # type: ignore[attr-defined]
        assert str(AUTHOR_MESSAGES["date"]) in body
        assert str(AUTHOR_MESSAGES["pages"]) in body
        assert "The lower half is dark." in body
        assert str(AUTHOR_MESSAGES["name"]) not in body
    token = str(letter.body).split("/sign/")[1].split("/")[0]
    assert links.find_link(token, Link.Purpose.SIGN, LATER) is not None


def test_sent_back_twice_is_two_emails_about_two_forms() -> None:
    agreement = make.agreement("received")
    send_back(agreement, "date", now=LATER)
    make.receive(agreement, now=LATER + HOUR)  # the very same photo
    send_back(agreement, "name", now=LATER + 2 * HOUR)
    bodies = [str(compose.compose(m, LATER).body) for m in agreement.messages.filter(kind="sent-back").order_by("pk")]
    assert [str(AUTHOR_MESSAGES["date"]) in body for body in bodies] == [True, False]
    assert [str(AUTHOR_MESSAGES["name"]) in body for body in bodies] == [False, True]


def test_every_check_has_texts_for_each_reader() -> None:
    assert CONFIRMED_LABELS.keys() == MISSING_LABELS.keys() == AUTHOR_MESSAGES.keys()


# --- sealed, delivered, verified


def text_of(body: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(body)).pages).split())


def test_l07_the_sealed_file_begins_with_the_form_and_ends_with_the_pages_that_came_in() -> None:
    agreement = make.seal(make.accepted(date_written="1. XI. 2026"))
    body = stored(agreement.sealed_file)
    shown = bytes(agreement.shown.body)
    assert body.startswith(shown)
    pages = PdfReader(io.BytesIO(body)).pages
    assert len(pages) == len(PdfReader(io.BytesIO(shown)).pages) + 2
    assert len(pages[-1].images) == 1
    text = text_of(body)
    for words in (
        "Evidence of signature on paper",
        "by hand: see the pages at the end of this file",
        "“1. XI. 2026”, read as 1 November 2026",
        "by editor:ed",
        sha256(photo()),
        agreement.title,
        agreement.signer,
        agreement.reference,
        "1 November 2026",
        *CONFIRMED_LABELS.values(),
    ):
        assert words in text
    assert "electronically by the corresponding author" not in text
    key = seal.SealKey.load(settings.SEAL_KEY, settings.SEAL_CERT)
    assert seal.inspect(body, trusted=[key.certificate], shown_sha256=sha256(shown), shown_length=len(shown)).valid


def test_the_verify_page_says_that_it_was_signed_on_paper() -> None:
    agreement = make.seal(make.accepted(date_written="1/11/26"))
    verdict = verification.verify(stored(agreement.sealed_file))
    assert verdict.valid
    assert (
        "Signed by hand by Mike Lewis, dated 2026-11-01 (written “1/11/26”). Accepted by an editor on 2026-11-01 "
        "09:00 UTC." in verdict.lines
    )


def test_ac6_the_permissions_have_the_signed_form_and_the_evidence_has_the_upload(tmp_path: Path) -> None:
    agreement = make.seal(make.accepted())
    assert readiness.sealed_item(agreement).sha256 == sha256(stored(agreement.sealed_file))
    with zipfile.ZipFile(io.BytesIO(evidence_bundle.build_bundle(agreement, as_sealed=True))) as archive:
        assert archive.read("scan-1.jpg") == photo()
        archive.extractall(tmp_path)
    command = [sys.executable, str(tmp_path / "verify.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, "signed form: valid" in done.stdout) == (0, True), done.stdout
    (tmp_path / "scan-1.jpg").write_bytes(b"another")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, "scan-1.jpg is not the file that the signer sent" in done.stdout) == (1, True)


def test_the_manifest_has_the_day_that_the_form_has() -> None:
    from proceedings.delivery.items import WrittenFile

    row = (
        readiness.write_manifest([(make.seal(make.accepted()), WrittenFile("evidence.zip", 1, "0"))])
        .decode()
        .splitlines()[1]
    )
    assert ",2026-11-01," in row


@pytest.mark.parametrize("which", ["file", "pages"])
def test_the_audit_finds_a_form_that_was_changed_or_taken_away(which: str) -> None:
    agreement = make.seal(make.accepted())
    scan = agreement.signed_form
    assert scan
    assert list(audit.check_all()) == []
    name = scan.files[0]["name"] if which == "file" else scan.pages_file
    storages["private"].delete(name)
    assert [f"its signed form is no longer in storage: {name}" in words for words in audit.check_all()] == [True]
    rendering.store_as(name, b"forged")
    (finding,) = audit.check_all()
    assert finding == f"{agreement.reference}: its signed form was changed in storage: {name}"
    assert not verification.verify(stored(agreement.sealed_file)).valid
    storages["private"].delete(name)


def test_the_audit_finds_a_date_that_was_read_otherwise(tampering: Any) -> None:
    agreement = make.seal(make.accepted())
    with tampering():
        Agreement.objects.filter(pk=agreement.pk).update(dated=NOW.date() + timedelta(days=9))
    assert [words.endswith("names another date.") for words in audit.check_all()] == [True]


# --- the overview's figures


def test_the_overview_counts_it_as_needing_action() -> None:
    agreement = make.agreement("received")
    made = overview.build_overview(agreement.paper.volume, LATER)
    assert [(count.blocker, count.count) for count in made.counts if count.info.needs_action] == [(Blocker.RECEIVED, 1)]
    assert [task.key for task in made.tasks] == [agreement.paper_key]


def test_an_accepted_form_counts_as_signed_on_its_day() -> None:
    agreement = make.accept(make.agreement("received"), now=NOW + 5 * DAY, dated=NOW.date())
    progress = overview.build_overview(agreement.paper.volume, NOW + 6 * DAY).progress
    assert progress.signed[0] == 1


def test_an_old_date_on_a_signed_form_is_no_late_seal_and_breaks_no_invariant() -> None:
    agreement = make.agreement("issued")
    left(agreement)
    make.receive(agreement, now=NOW + 10 * DAY)
    make.accept(agreement, now=NOW + 10 * DAY, dated=NOW.date())
    assert health.measure(NOW + 10 * DAY).oldest_signature_seconds == 0
    assert list(invariants.check_ended()) == []


# --- database constraints


@pytest.mark.parametrize("lacking", [{"signed_form": None}, {"date_written": ""}, {"dated": None}, {"typed_name": ""}])
def test_a_signed_form_without_its_evidence_is_rejected(lacking: dict[str, Any]) -> None:
    agreement = make.agreement("received")
    columns = {
        "status": "signed", "signed_at": LATER, "typed_name": "Mike Lewis",
        "signed_form": signed_form.newest_form(agreement),
        "date_written": "1 Nov", "dated": NOW.date(), "shown_sha256": "0" * 64,
    }  # fmt: skip
    with pytest.raises(IntegrityError), transaction.atomic():
        Agreement.objects.filter(pk=agreement.pk).update(**columns | lacking)
    assert Agreement.objects.filter(pk=agreement.pk).update(**columns) == 1


# --- races, with real commits


@pytest.mark.usefixtures("committed")
def test_s08_of_an_upload_and_a_signature_at_once_exactly_one_outcome_comes_out() -> None:
    for _ in range(ROUNDS):
        agreement = make.agreement("issued")
        act = make.reviewed(agreement)
        signed, sent = both(
            partial(lifecycle.sign, again(agreement), act, now=LATER),
            partial(signed_form.receive, again(agreement), make.pages(), now=LATER),
        )
        agreement.refresh_from_db()
        assert (signed, agreement.status, agreement.signed_form) == ("done", Status.SIGNED, None)
        assert sent in ("done", "wrong move")
        assert agreement.signed_forms.count() == (sent == "done")
        assert make.history(agreement).count("sign") == 1
    assert list(audit.check_all()) == []


def accept_now(agreement: Agreement, scan: SignedForm) -> None:
    """An editor accepts the form they see. A newer form counts as a transition error."""
    reading = signed_form.FormReading("Mike Lewis", "1 Nov 2026", NOW.date())
    try:
        signed_form.accept(again(agreement), scan, reading, by="editor:ed", now=LATER)
    except signed_form.SignedFormError:
        raise lifecycle.TransitionError(Status.RECEIVED) from None


RIVALS: dict[str, Callable[[Agreement, SignedForm], Callable[[], object]]] = {
    "sign": lambda one, scan: partial(lifecycle.sign, one, make.reviewed(one), now=LATER),
    "accept": lambda one, scan: partial(accept_now, one, scan),
    "send-back": lambda one, scan: partial(signed_form.send_back, one, scan, ["date"], "", by="editor:mo", now=LATER),
    "receive-again": lambda one, scan: partial(signed_form.receive_again, one, make.pages("better"), now=LATER),
    "decline": lambda one, scan: partial(lifecycle.decline, one, reason="", now=LATER),
}


@pytest.mark.usefixtures("committed")
@pytest.mark.parametrize("rival", sorted(RIVALS))
def test_s08_of_accepting_and_anything_else_at_once_one_wins(rival: str) -> None:
    for _ in range(ROUNDS // 2):
        agreement = make.agreement("received")
        scan = signed_form.newest_form(agreement)
        assert scan
        run = RIVALS[rival](again(agreement), scan)
        assert sorted(both(partial(accept_now, agreement, scan), run)) == ["done", "wrong move"]
        assert len([kind for kind in make.history(agreement) if kind in RIVALS]) == 1
    assert list(audit.check_all()) == []


def test_events_of_signed_forms_have_labels() -> None:
    agreement = make.agreement("received")
    send_back(agreement, "date", note="And sharper, please.")
    make.receive(agreement)
    make.accept(agreement, now=LATER)
    from agreements.documents import history

    said = [one.what for one in history.history_lines(Event.objects.filter(agreement=agreement).order_by("number"))]
    assert said[2:] == [
        "sent the signed form: 1 page",
        "sent the signed form back, missing: the date; And sharper, please.",
        "sent the signed form: 1 page",
        "accepted the signed form as Mike Lewis’s, dated “1 Nov 2026”, read as 2026-11-02",
    ]
