"""The page *Checks*: findings by rule, corrections for many papers, decisions; and the pages beside it."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from agreements.dashboard import overview
from agreements.delivery import packages
from proceedings.delivery.volume_check import check_rows
from proceedings.models import LeftFinding, Paper, PaperFile, TitleWord, Volume
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def volume() -> Volume:
    made = make.volume()
    details = {
        "start": "2026-06-01",
        "end": "2026-06-03",
        "address": "Trondheim",
        "conference_url": "https://c.example",
    }
    Volume.objects.filter(pk=made.pk).update(**details, editor_names=["Lee, Ann"])
    made.refresh_from_db()
    return made


@pytest.fixture
def paper(volume: Volume) -> Paper:
    return make.paper(
        volume, key="lewis26", title="Pre- and post-training of an LSTM", abstract="A gener- ic mask.", pages="1--10"
    )


@pytest.fixture
def page(volume: Volume) -> Client:
    client = Client()
    client.force_login(make.editor("ed", volume))
    return client


def url(volume: Volume, name: str = "checks") -> str:
    return reverse(f"admin:proceedings_volume_{name}", args=[volume.pk])


def post(page: Client, volume: Volume, **data: Any) -> str:
    return page.post(url(volume), data, follow=True).content.decode()


def add_pdf(paper: Paper, pages: int = 10) -> None:
    PaperFile.objects.create(
        paper=paper, kind="paper", extension="pdf", original_name="x.pdf", stored_as="x", size=1, crc32=1, pages=pages,
        sha256=f"{paper.pk:064}", first_page=f"{paper.title} Mike Lewis Shruti Bhosale Tim Dettmers",
    )  # fmt: skip


def rules(volume: Volume) -> set[str]:
    return {one.rule for one in check_rows(volume).findings if one.severity != "note"}


def test_the_page_groups_findings_and_shows_what_would_change(page: Client, volume: Volume, paper: Paper) -> None:
    shown = page.get(url(volume)).content.decode()
    assert "Hyphen left from a line break" in shown
    assert "<del>Pre-</del> <ins>Pre-training</ins> and post-training of an LSTM" in shown
    assert "The publisher’s check fails on it (C15)." in shown
    assert "Apply the corrections to all" in shown


def test_a_correction_is_applied_to_all_papers(page: Client, volume: Volume, paper: Paper) -> None:
    other = make.paper(volume, key="lewis26b", title="Another LSTM", pages="11--20", abstract="x")

    shown = post(page, volume, fix="capitals")

    assert "2 papers were corrected." in shown
    other.refresh_from_db()
    assert (other.title, other.title_latex) == ("Another LSTM", "Another {LSTM}")
    assert (
        LogEntry.objects.filter(object_id=str(other.pk)).get().change_message.startswith("Corrected by rule capitals")
    )
    assert "capitals" not in rules(volume)


def test_a_paper_with_an_agreement_is_left_out_if_people_would_see_the_change(
    page: Client, volume: Volume, paper: Paper
) -> None:
    make.agreement(of=paper)

    assert "The agreement would no longer match: replace it afterwards." in page.get(url(volume)).content.decode()
    assert "1 paper was left out" in post(page, volume, fix="wrap-hyphen")
    paper.refresh_from_db()
    assert paper.title == "Pre- and post-training of an LSTM"

    assert "1 paper was corrected." in post(page, volume, fix="capitals"), "braces are not seen by people"
    assert "1 paper was corrected." in post(page, volume, fix_one=f"wrap-hyphen:{paper.pk}:title")
    paper.refresh_from_db()
    assert paper.title == "Pre-training and post-training of an LSTM"
    assert paper.title_latex == "Pre-training and post-training of an {LSTM}"


def test_a_warning_is_left_as_it_is_with_a_reason_until_the_field_changes(
    page: Client, volume: Volume, paper: Paper
) -> None:
    token = f"capitals:{paper.pk}:title"
    assert "write the reason first" in post(page, volume, leave="capitals", pick=token)
    assert "tick the findings first" in post(page, volume, leave="capitals", reason="As the authors write it.")
    assert not LeftFinding.objects.exists()

    shown = post(page, volume, leave="capitals", pick=token, reason="As the authors write it.")

    assert "1 findings are left as they are." in shown
    decision = LeftFinding.objects.get()
    assert (decision.by, decision.reason) == ("ed", "As the authors write it.")
    assert "capitals" not in rules(volume)
    assert [one.rule for one, _ in check_rows(volume).left] == ["capitals"]

    Paper.objects.update(title="An LSTM", title_latex="An LSTM")
    assert "capitals" in rules(volume), "the title is another one"
    Paper.objects.update(title=paper.title, title_latex=paper.title_latex)
    assert "1 findings count again." in post(page, volume, take_back="1", left=str(decision.pk))
    assert "capitals" in rules(volume)
    decision.refresh_from_db()
    assert decision.ended_by == "ed"


def test_what_the_publisher_rejects_stays_an_error_with_the_reason(page: Client, volume: Volume, paper: Paper) -> None:
    before = len(check_rows(volume).errors)
    post(page, volume, leave="wrap-hyphen", pick=f"wrap-hyphen:{paper.pk}:title", reason="It is right.")
    report = check_rows(volume)
    assert len(report.errors) == before
    assert any("left as it is by ed, but the publisher rejects it (C15)" in one.message for one in report.errors)


def test_a_mismatch_with_the_pdf_may_be_left(page: Client, volume: Volume, paper: Paper) -> None:
    add_pdf(paper, pages=12)
    assert "page-count" in {one.rule for one in check_rows(volume).errors}
    post(page, volume, leave="page-count", pick=f"page-count:{paper.pk}:pages", reason="With an appendix.")
    assert "page-count" not in {one.rule for one in check_rows(volume).errors}


def test_the_volumes_own_entry_is_corrected_too(page: Client, volume: Volume, paper: Paper) -> None:
    Paper.objects.update(section="Talks")
    assert "The volume’s own entry was corrected too." in post(page, volume, fix="sections")
    volume.refresh_from_db()
    assert volume.sections == ["Talks"]


def test_a_rule_without_a_correction_changes_nothing(page: Client, volume: Volume, paper: Paper) -> None:
    assert "There is no correction for this rule" in post(page, volume, fix="mathematics")
    assert "Nothing was changed" in post(page, volume, fix_one="capitals:x:title")


def test_an_assistant_may_read_and_not_act(volume: Volume, paper: Paper) -> None:
    assistant = make.editor("helper")
    volume.assistants.add(assistant)
    client = Client()
    client.force_login(assistant)
    assert "Apply the corrections" not in client.get(url(volume)).content.decode()
    assert client.post(url(volume), {"fix": "capitals"}).status_code == 403
    assert client.post(url(volume, "page_numbers")).status_code == 403


def test_another_volumes_pages_do_not_exist(page: Client, paper: Paper) -> None:
    other = make.volume(248)
    for name in ("checks", "report", "page_numbers", "addresses", "bibliography"):
        assert page.get(url(other, name)).status_code == 404


def test_the_report_has_every_finding(page: Client, volume: Volume, paper: Paper) -> None:
    shown = page.get(url(volume, "report")).content.decode()
    report = check_rows(volume)
    assert shown.count("<tr><td>") == len(report.findings)
    assert report.counts in shown


def test_pages_are_numbered_on_the_web(page: Client, volume: Volume, paper: Paper) -> None:
    assert "1 papers have no PDF" in page.get(url(volume, "page_numbers")).content.decode()
    page.post(url(volume, "page_numbers"))
    paper.refresh_from_db()
    assert paper.pages == "1--10"
    add_pdf(paper, pages=12)
    assert "<td>1--10</td><td>1--12</td>" in page.get(url(volume, "page_numbers")).content.decode()
    page.post(url(volume, "page_numbers"))
    paper.refresh_from_db()
    assert paper.pages == "1--12"
    assert "The page numbers are complete." in page.get(url(volume, "page_numbers")).content.decode()


def test_the_future_addresses_are_listed(page: Client, volume: Volume, paper: Paper) -> None:
    shown = page.get(url(volume, "addresses")).content.decode()
    assert "https://proceedings.mlr.press/v247/lewis26a.html" in shown
    assert "predicted" in shown
    Paper.objects.update(public_id="lewis26c")
    assert "v247/lewis26c.html" in page.get(url(volume, "addresses")).content.decode()


def test_the_bib_file_can_be_downloaded_whatever_the_agreements_say(page: Client, volume: Volume, paper: Paper) -> None:
    response = page.get(url(volume, "bibliography"))
    assert response["Content-Disposition"] == 'attachment; filename="v247.bib"'
    assert b"@InProceedings{lewis26," in response.content
    Paper.objects.update(abstract="中")
    assert "The file cannot be written." in page.get(url(volume, "bibliography"), follow=True).content.decode()


def test_a_listed_word_gets_braces_and_an_excepted_one_no_warning(page: Client, volume: Volume, paper: Paper) -> None:
    TitleWord.objects.create(word="LSTM", braces=False)
    assert "capitals" not in rules(volume)
    TitleWord.objects.update(braces=True)
    assert b"{LSTM}" in page.get(url(volume, "bibliography")).content


def test_overview_packages_and_check_say_the_same_number(page: Client, volume: Volume, paper: Paper) -> None:
    post(page, volume, fix="capitals")  # runs the check for the overview
    report = check_rows(volume)
    shown = overview.build_overview(Volume.objects.get(pk=volume.pk), NOW)
    assert shown.errors == len(report.errors) == len(packages.prepare_delivery(volume, NOW.date()).report.errors) > 0
    assert f"{shown.errors} errors" in page.get(url(volume)).content.decode()
    assert f"{shown.errors} errors" in page.get(url(volume, "packages")).content.decode()
    assert f"{shown.errors} errors" in page.get(url(volume, "overview")).content.decode()
