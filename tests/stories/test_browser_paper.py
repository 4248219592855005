"""The paper route in a real browser: an author sends a form, an editor sends it back, then accepts the better one."""

import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import storages
from django.utils import timezone

from agreements.delivery import packages
from agreements.documents import rendering, verification
from agreements.domain.states import Status
from agreements.jobs import scheduled
from agreements.models import Agreement, Message
from tests import make
from tests.agreements.photos import bomb, photo, scanned
from tests.stories.test_browser_admin import log_in
from tests.stories.test_browser_changes import link_in
from tests.stories.test_browser_signing import invited, status_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

OpenWindow = Callable[..., Any]
SEND = "button:text('Send the signed form')"


def picture(someone: Any, name: str) -> None:
    """Keeps what the page looks like, where a person wants to see it: ``PICTURES=folder``."""
    if folder := os.environ.get("PICTURES"):
        width = someone.page.viewport_size["width"]
        someone.page.screenshot(path=f"{folder}/{name}-{width}.png", full_page=True)


def file(tmp_path: Path, name: str, body: bytes) -> str:
    path = tmp_path / name
    path.write_bytes(body)
    return str(path)


@pytest.mark.parametrize("width", [1280, 390, 320])
def test_a_form_on_paper_from_the_printer_to_the_permissions(reader: OpenWindow, width: int, tmp_path: Path) -> None:
    agreement, link = invited()
    make.editor("ed", agreement.paper.volume)
    with reader(width=width) as author:
        page = author.page
        author.go(link)
        author.press("text=Prefer to sign by hand?")
        check_page(author, "paper")
        with page.expect_download() as started:
            page.click("text=Download the form")
        assert Path(started.value.path()).read_bytes() == rendering.render_form(agreement)
        assert started.value.suggested_filename == f"{agreement.paper_key}-agreement.pdf"

        author.press(SEND)
        assert author.says("Choose the scan or the photo of the signed form.")
        check_page(author, "paper-nothing")

        page.set_input_files("#first", file(tmp_path, "IMG_1.heic", b"\0\0\0\x18ftypheic\0\0\0\0"))
        author.press(SEND)
        check_page(author, "paper-heic")
        assert author.says("We cannot open HEIC photos")

        page.set_input_files("#first", file(tmp_path, "form.pdf", bomb()))
        author.press(SEND)
        assert author.says("is too large when unpacked")
        assert status_of(agreement) == Status.ISSUED

        page.set_input_files("#first", file(tmp_path, "page-1.jpg", photo("page 1, no date")))
        page.set_input_files("#second", file(tmp_path, "page-2.png", photo("page 2, no date", form="PNG")))
        author.press(SEND)
        check_page(author, "paper-received")
        assert author.says("We received your signed form")
        assert status_of(agreement) == Status.RECEIVED
        author.go(link)
        check_page(author, "sign-received")
        assert author.says("We received your signed form.")

    with reader(width=width) as editor:
        page = editor.page
        log_in(editor, "ed")
        editor.go(f"/admin/proceedings/volume/{agreement.paper.volume_id}/board/")
        assert editor.says("signed form needs review")
        editor.go(f"/admin/agreements/agreement/{agreement.pk}/change/")
        check_page(editor, "desk-agreement")
        editor.press("text=Review signed form")
        check_page(editor, "signed-form")
        assert page.locator(".shot img").count() == 2
        assert page.evaluate("[...document.images].every(image => image.complete && image.naturalWidth > 0)")
        editor.press("input[name=accept]")
        check_page(editor, "signed-form-nothing")
        assert editor.says("Tick every item, or send the form back.")
        editor.press("input[name=back]")
        assert editor.says("Select or describe what is missing. We tell the author.")
        page.check("text=the date >> nth=-1")
        page.fill("#back_note", "And the lower edge is dark.")
        editor.press("input[name=back]")
        editor.check()
        assert editor.says("Signed form sent back. We email the author what is missing.")
    assert status_of(agreement) == Status.ISSUED

    back = Message.objects.get(kind="sent-back")
    with reader(width=width) as author:
        author.go(link_in(back) + "paper/")
        check_page(author, "paper-sent-back")
        assert author.says("The date is missing.")
        assert author.says("And the lower edge is dark.")
        author.page.set_input_files("#first", file(tmp_path, "scan.pdf", scanned("with a date")))
        author.press(SEND)
        assert author.says("We received your signed form")

    today = timezone.now().date()
    with reader(width=width) as editor:
        page = editor.page
        log_in(editor, "ed")
        editor.go(f"/admin/agreements/agreement/{agreement.pk}/scan/")
        check_page(editor, "signed-form-pdf")
        with page.expect_download() as started:
            page.click("text=Download the PDF")
        assert Path(started.value.path()).read_bytes() == scanned("with a date")
        for box in page.locator("input[name=found]").all():
            box.check()
        page.fill("#id_date_written", "06/09/2021")
        page.fill("#id_dated", "2021-09-07")
        editor.press("input[name=accept]")
        check_page(editor, "signed-form-date")
        assert editor.says("“06/09/2021” means 9 June 2021 or 6 September 2021, not 7 September 2021.")
        page.fill("#id_date_written", f"{today.day} {today:%B} {today.year}")
        page.fill("#id_dated", today.isoformat())
        editor.press("input[name=accept]")
        check_page(editor, "desk-accepted")
        assert editor.says("Signed form accepted. We seal it within a minute")
    assert status_of(agreement) == Status.SIGNED

    scheduled.seal_due(timezone.now)
    sealed = Agreement.objects.get(pk=agreement.pk)
    with storages["private"].open(sealed.sealed_file) as stored:
        body = stored.read()
    if folder := os.environ.get("PICTURES"):
        Path(folder, "sealed.pdf").write_bytes(body)
    assert verification.verify(body).valid
    with reader(width=width) as someone:
        someone.go("/verify/")
        someone.page.set_input_files("#file", file(tmp_path, "Permission.pdf", body))
        someone.page.wait_for_selector(".verdict.good")
        someone.check()
        assert someone.says(f"Signed by hand by Mike Lewis, dated {today}")
        someone.go(link)
        check_page(someone, "receipt")
        assert someone.says("Signed by hand on")

    packages.write_delivery(packages.prepare_delivery(sealed.paper.volume, today), tmp_path)
    permissions = tmp_path / "v247permissions"
    assert (permissions / f"{sealed.paper.key}Permission.pdf").read_bytes() == body
    with zipfile.ZipFile(permissions / "evidence" / f"{sealed.paper.key}-evidence.zip") as evidence:
        assert evidence.read("scan-1.pdf") == scanned("with a date")


def test_sending_a_form_without_javascript(reader: OpenWindow, tmp_path: Path) -> None:
    agreement, link = invited()
    with reader(width=320, java_script_enabled=False) as author:
        author.go(f"{link}paper/")
        author.press(SEND)
        assert author.says("Choose the scan or the photo of the signed form.")
        author.page.set_input_files("#first", file(tmp_path, "form.jpg", photo()))
        author.press(SEND)
        assert author.says("We received your signed form")
        assert not author.complaints
    assert status_of(agreement) == Status.RECEIVED


def check_page(someone: Any, name: str) -> None:
    picture(someone, name)
    someone.check()
