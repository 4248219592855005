"""Anyone checks a file in a real browser: hashed there, sent only when asked to, and the same without JavaScript."""

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import storages
from django.utils import timezone

from agreements.documents import rendering
from agreements.models import Agreement
from tests import make

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

OpenWindow = Callable[..., Any]
WIDTHS = [1280, 390]
DROP = """([name, data]) => {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const carried = new DataTransfer();
  carried.items.add(new File([bytes], name, {type: "application/pdf"}));
  for (const kind of ["dragenter", "dragover", "drop"])
    document.body.dispatchEvent(new DragEvent(kind, {dataTransfer: carried, bubbles: true, cancelable: true}));
}"""


def sealed_file(folder: Path) -> tuple[Agreement, dict[str, Path]]:
    """A sealed agreement, and three files: it, it with a changed byte, and one of somebody else."""
    agreement = make.agreement("sealed", now=timezone.now())
    with storages["private"].open(agreement.sealed_file) as file:
        body = file.read()
    files = {"valid": body, "changed": body[:900] + b"x" + body[901:], "foreign": b"%PDF-1.7 a bill"}
    for name, data in files.items():
        (folder / f"{name}.pdf").write_bytes(data)
    return agreement, {name: folder / f"{name}.pdf" for name in files}


@pytest.mark.parametrize("width", WIDTHS)
def test_a_file_is_hashed_here_and_sent_only_when_asked_to(reader: OpenWindow, tmp_path: Path, width: int) -> None:
    agreement, files = sealed_file(tmp_path)
    with reader(width=width) as anyone:
        page = anyone.page
        sent: list[str] = []
        page.on("request", lambda request: sent.append(request.method))
        anyone.go("/verify/")
        anyone.check()
        assert not page.is_visible("main button")

        page.set_input_files("#file", files["valid"])
        page.wait_for_selector(".verdict.good")
        anyone.check()
        assert anyone.says("This is the sealed file, unchanged.")
        assert anyone.says(agreement.reference)
        assert not page.is_visible("main button")

        page.set_input_files("#file", files["foreign"])
        page.wait_for_selector("main button:visible")
        assert anyone.says("We have no record of this file.")

        page.set_input_files("#file", files["changed"])
        page.wait_for_selector("main button:visible")
        anyone.check()
        assert anyone.says("We have no record of this file.")
        assert "POST" not in sent

        anyone.press("text=Upload and compare the file")
        anyone.check()
        assert anyone.says("This is not the sealed file: it was changed.")
        assert anyone.says("at byte 900, in the form that the signer was shown")


def test_a_file_may_be_dropped_anywhere_on_the_page(reader: OpenWindow, tmp_path: Path) -> None:
    _, files = sealed_file(tmp_path)
    with reader() as anyone:
        anyone.go("/verify/")
        anyone.page.evaluate(DROP, ["valid.pdf", base64.b64encode(files["valid"].read_bytes()).decode()])
        anyone.page.wait_for_selector(".verdict.good")
        anyone.check()


def test_a_file_that_is_too_large_is_not_even_read(reader: OpenWindow, tmp_path: Path) -> None:
    (tmp_path / "large.pdf").write_bytes(bytes(20 * 1024 * 1024 + 1))
    with reader() as anyone:
        anyone.go("/verify/")
        anyone.page.set_input_files("#file", tmp_path / "large.pdf")
        anyone.page.wait_for_selector("text=larger than 20 MB")
        anyone.check()


def test_a_server_that_does_not_answer_is_reported(reader: OpenWindow, tmp_path: Path) -> None:
    _, files = sealed_file(tmp_path)
    with reader() as anyone:
        anyone.go("/verify/")
        anyone.page.route("**/verify/?format=html*", lambda route: route.fulfill(status=503))
        anyone.page.set_input_files("#file", files["valid"])
        anyone.page.wait_for_selector("text=The server did not answer.")
        anyone.check()
        anyone.press("text=Upload and compare the file")
        assert anyone.says("This is the sealed file, unchanged.")


@pytest.mark.parametrize("width", WIDTHS)
def test_without_javascript_the_file_is_uploaded(reader: OpenWindow, tmp_path: Path, width: int) -> None:
    _, files = sealed_file(tmp_path)
    said = {
        "valid": "This is the sealed file, unchanged.",
        "changed": "This is not the sealed file: it was changed.",
        "foreign": "We did not seal this file.",
    }
    with reader(width=width) as plain:
        # axe is a script itself, so the page's own is kept away instead of switching all scripts off.
        plain.page.route("**/verify.js", lambda route: route.fulfill(body="", content_type="text/javascript"))
        for name, words in said.items():
            plain.go("/verify/")
            plain.check()
            plain.page.set_input_files("#file", files[name])
            plain.press("button:text('Verify the file')")
            plain.check()
            assert plain.says(words)
    with reader(width=width, java_script_enabled=False) as plain:
        plain.go("/verify/")
        plain.press("button:text('Verify the file')")
        assert plain.says("Choose a PDF file.")


@pytest.mark.parametrize("width", [*WIDTHS, 320])
def test_the_address_in_print_leads_to_the_record(reader: OpenWindow, tmp_path: Path, width: int) -> None:
    agreement, _ = sealed_file(tmp_path)
    with reader(width=width) as anyone:
        address = rendering.verify_url(agreement.reference)
        anyone.go(address[address.index("/verify/") :])
        anyone.check()
        assert anyone.says(agreement.sealed_sha256)
        anyone.go("/verify/?agreement=247-nobody-000000")
        anyone.check()
        assert anyone.says("We have no sealed agreement")
