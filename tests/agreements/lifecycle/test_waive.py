"""Waivers: who may waive a signature, what it ends, and where it is shown."""

import csv
import io
from pathlib import Path

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from agreements import lifecycle
from agreements.dashboard import overview
from agreements.dashboard.blockers import BLOCKER_INFO, Blocker
from agreements.delivery import readiness
from agreements.domain.states import Status
from agreements.jobs import package_builder, scheduled
from agreements.lifecycle import snapshot
from agreements.mail import links
from agreements.models import Agreement, Link, Message
from proceedings.models import Volume
from tests import make
from tests.agreements.editors import BOOKKEEPING, Roles, bulk, client_for, page_of, refreshed
from tests.agreements.pages import all_rows
from tests.stories import ready_volume
from tests.stories.ready_volume import deliver, tree

pytestmark = pytest.mark.django_db
WHY = "The publisher holds another licence."


def test_a_waiver_ends_email_and_links_in_one_transaction() -> None:
    agreement = make.agreement()
    token = make.token(agreement)
    lifecycle.waive(agreement, reason=WHY, by="editor:ed", now=make.NOW)
    assert (agreement.status, agreement.reason, agreement.next_check_at) == (Status.WAIVED, WHY, None)
    assert not agreement.messages.filter(closed=False, state=Message.State.PENDING).exists()
    assert links.find_link(token, Link.Purpose.SIGN, make.NOW) is None
    assert not lifecycle.remind_now(agreement, by="editor:ed", now=make.NOW)


def test_every_waiver_has_a_reason() -> None:
    agreement = make.agreement("waived")
    with pytest.raises(IntegrityError), transaction.atomic():
        Agreement.objects.filter(pk=agreement.pk).update(reason="")


@pytest.mark.parametrize("status", ["declined", "lapsed", "voided"])
def test_a_paper_whose_agreement_ended_is_waived_by_one_of_its_own(status: str) -> None:
    ended = make.agreement(status)
    waived = lifecycle.waive_paper(ended.paper, reason=WHY, by="editor:ed", now=make.NOW)
    assert make.history(waived) == ["draft", "waive"]
    assert refreshed(ended).status == status


def test_a_paper_that_nobody_could_sign_for_is_waived_all_the_same() -> None:
    waived = lifecycle.waive_paper(make.paper(contact=None), reason=WHY, by="editor:ed", now=make.NOW)
    assert (waived.signer, waived.signer_email, waived.status) == ("", "", Status.WAIVED)


def test_neither_a_withdrawn_paper_nor_one_with_an_agreement_is_waived() -> None:
    for paper in (make.paper(status="withdrawn"), make.agreement("sealed").paper, make.agreement("waived").paper):
        with pytest.raises(snapshot.NotReadyError):
            lifecycle.waive_paper(paper, reason=WHY, by="editor:ed", now=make.NOW)


def test_a_waived_paper_is_issued_to_nobody_until_the_waiver_is_taken_back(editor_client: Client) -> None:
    waived = make.agreement("waived")
    assert "It has an issued agreement already." in bulk(editor_client, "issue", waived.paper)
    bulk(editor_client, "supersede", waived.paper, reason="They sign after all.")
    assert waived.paper.agreements.live().get().status == Status.ISSUED


def test_the_overview_shows_it_and_counts_the_paper_as_ready() -> None:
    waived = make.agreement("waived")
    made = overview.build_overview(waived.paper.volume, make.NOW)
    assert [count.blocker for count in made.counts] == [Blocker.NO_PDF, Blocker.WAIVED]
    assert not BLOCKER_INFO[Blocker.WAIVED].blocks_delivery
    assert readiness.check_readiness(waived.paper.volume).ready_agreements == [waived]


def test_one_agreement_is_waived_with_a_reason(editor_client: Client) -> None:
    agreement = make.agreement()
    assert (
        "The publisher expects an agreement for every paper"
        in editor_client.get(page_of(agreement, "move/waive/")).content.decode()
    )
    before = all_rows(but=BOOKKEEPING)
    assert editor_client.post(page_of(agreement, "move/waive/"), {"reason": " "}).status_code == 400
    assert all_rows(but=BOOKKEEPING) == before
    editor_client.post(page_of(agreement, "move/waive/"), {"reason": WHY})
    assert (refreshed(agreement).status, agreement.reason) == (Status.WAIVED, WHY)
    assert agreement.events.get(kind="waive").by == "editor:ed"
    page = editor_client.get(page_of(agreement)).content.decode()
    assert f"waived: {WHY}" in page


def test_many_are_waived_at_once_and_every_skipped_paper_is_named(editor_client: Client) -> None:
    bare, waiting, declined = make.paper(contact=None), make.agreement().paper, make.agreement("declined").paper
    signed, again = make.agreement("signed").paper, make.agreement("waived").paper
    gone = make.paper(status="withdrawn")
    page = bulk(editor_client, "waive", bare, waiting, declined, signed, again, gone, reason=WHY)
    assert "<strong>3</strong> waived." in page
    for why, paper in (("It is signed already, so it needs no waiver.", signed), ("It is waived already.", again)):
        assert f'{why} <span class="quiet">1: {paper.key}</span>' in page
    assert all(paper.agreements.live().get().status == Status.WAIVED for paper in (bare, waiting, declined))
    assert not gone.agreements.exists()


def test_the_page_of_a_waiver_without_a_signer_opens_and_has_no_form(editor_client: Client) -> None:
    waived = lifecycle.waive_paper(make.paper(contact=None), reason=WHY, by="editor:ed", now=make.NOW)
    assert "form.pdf" not in editor_client.get(page_of(waived)).content.decode()
    assert editor_client.get(page_of(waived, "form.pdf")).status_code == 404
    assert editor_client.get(page_of(waived, "move/void/")).status_code == 200


def test_an_assistant_waives_nothing(roles: Roles) -> None:
    waiting = Agreement.objects.get(paper__volume=roles.foreign, status=Status.ISSUED)
    client = client_for(roles.assistant)
    before = all_rows(but=BOOKKEEPING)
    assert client.post(page_of(waiting, "move/waive/"), {"reason": WHY}).status_code == 403
    bulk(client, "waive", waiting.paper, reason=WHY)
    assert all_rows(but=BOOKKEEPING) == before


# --- delivery


@pytest.fixture
def volume(tmp_path: Path) -> Volume:
    """Ready to deliver, one paper by a waiver."""
    volume = ready_volume.imported()
    ready_volume.with_files(volume, tmp_path / "camera-ready")
    for paper in volume.papers.exclude(key="lewis26b"):
        make.agreement("sealed", of=paper)
    lifecycle.waive_paper(ready_volume.paper("lewis26b"), reason=WHY, by="editor:ed", now=make.NOW)
    return volume


def test_ac10_a_waived_paper_is_delivered_and_the_manifest_says_why(volume: Volume, tmp_path: Path) -> None:
    status, said = deliver(tmp_path / "out")
    assert status == 0, said
    assert f"lewis26b has no signature: {WHY}" in said
    files = tree(tmp_path / "out")
    assert "v901/lewis26b.pdf" in files
    assert "v901permissions/lewis26bPermission.pdf" not in files
    rows = list(csv.DictReader(io.StringIO(files["v901permissions/manifest.csv"].decode())))
    waived = {row["paper"]: row["waived"] for row in rows}
    assert waived == {"angstrom26": "", "lewis26a": "", "lewis26b": f"{WHY} (ed, 2026-11-01)"}
    assert deliver(tmp_path / "again")[0] == 0
    assert tree(tmp_path / "again") == files


@pytest.mark.alone
def test_the_packages_page_names_the_waived_and_making_them_notes_it_once(volume: Volume) -> None:
    editor_client = client_for(make.editor("ed", volume))
    path = f"/admin/proceedings/volume/{volume.pk}/packages/"
    assert WHY in editor_client.get(path).content.decode()
    for _ in range(2):
        editor_client.post(path)
        package_builder.make_due(scheduled.fixed_clock(make.CLOSES))
    waived = Agreement.objects.get(status=Status.WAIVED)
    assert make.history(waived) == ["draft", "waive", "deliver"]
    assert "paper delivered with this waiver" in editor_client.get(page_of(waived)).content.decode()
