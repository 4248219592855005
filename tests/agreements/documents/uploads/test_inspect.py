"""What strangers send: the harmless is taken, all else refused by a child that cannot be worn out (S15)."""

import io
import os
import struct
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pypdf import PdfReader, PdfWriter
from pypdf.generic import DictionaryObject, NameObject

from agreements.documents import seal
from agreements.documents.uploads import inspect, worker
from agreements.documents.uploads.inspect import Kind, Refusal
from agreements.documents.uploads.rules import MAX_PIXELS, MEMORY
from tests.agreements.documents_for_tests import FACTS
from tests.agreements.photos import PAGE, bomb, photo, raw_pdf, scanned, stream, zipped


def refusal(*bodies: bytes) -> Refusal:
    with pytest.raises(inspect.UploadRefusedError) as refused:
        inspect.inspect_upload(bodies)
    assert refused.value.number == len(bodies) - 1
    return refused.value.refusal


def in_this_process(tmp_path: Path, *bodies: bytes) -> Any:
    """What the child would say; coverage and speed for what needs no limits."""
    for number, body in enumerate(bodies):
        (tmp_path / str(number)).write_bytes(body)
    said = worker.look(tmp_path)
    return said.get("refused") or said["files"]


# --- what is taken


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_a_photo_is_taken_and_drawn_anew(form: str) -> None:
    body = photo(form=form)
    taken = inspect.inspect_upload([body])
    (file,) = taken.files
    assert (file.kind, file.pages, file.body, taken.count) == (Kind.JPEG if form == "JPEG" else Kind.PNG, 1, body, 1)
    with Image.open(io.BytesIO(file.picture)) as drawn:
        assert (drawn.format, drawn.size) == ("JPEG", (850, 1100))
    assert len(PdfReader(io.BytesIO(taken.body)).pages) == 1


def test_a_scan_is_taken_and_several_files_are_one_document() -> None:
    taken = inspect.inspect_upload([scanned(pages=2), photo("the third page")])
    assert [(file.kind, file.pages) for file in taken.files] == [(Kind.PDF, 2), (Kind.JPEG, 1)]
    assert taken.count == len(PdfReader(io.BytesIO(taken.body)).pages) == 3
    assert taken.files[0].picture == b""


def test_s15_where_a_photo_was_taken_is_not_in_what_is_shown() -> None:
    exif = Image.Exif()
    exif[0x010E] = "taken in my kitchen"
    exif[0x0112] = 6  # lies on its side
    output = io.BytesIO()
    Image.new("RGB", (400, 300), "white").save(output, "JPEG", exif=exif)
    assert b"kitchen" in output.getvalue()
    taken = inspect.inspect_upload([output.getvalue()])
    assert b"kitchen" not in taken.files[0].picture + taken.body
    with Image.open(io.BytesIO(taken.files[0].picture)) as upright:
        assert upright.size == (300, 400)


def test_a_signature_laid_over_the_page_stays_and_what_could_be_clicked_goes() -> None:
    drawn = stream(b"0 0 m 100 30 l S", b"/Type/XObject/Subtype/Form/BBox[0 0 100 30]")
    signature = (
        b"<</Type/Annot/Subtype/Ink/Rect[100 100 200 130]/AP<</N 5 0 R>>/Contents(mine)/A<</S/URI/URI(https://x)>>>>"
    )
    link = b"<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/A<</S/URI/URI(https://elsewhere.example)>>>>"
    page = PAGE[:-2] + b"/Annots[4 0 R 6 0 R]/Rotate 90>>"
    body = raw_pdf(signature, drawn, link, page=page, catalog=b"/OpenAction[3 0 R/Fit]")
    (kept,) = PdfReader(io.BytesIO(inspect.inspect_upload([body]).body)).pages
    (stamp,) = kept.annotations or []
    assert set(stamp.get_object()) == {"/Type", "/Subtype", "/Rect", "/AP"}
    assert stamp.get_object()["/AP"]["/N"].get_data().startswith(b"0 0 m 100 30 l S")
    assert kept.rotation == 90


def test_what_is_taken_can_be_put_behind_the_form_and_sealed() -> None:
    from agreements.documents import pdf
    from agreements.domain import agreement_text

    form = pdf.form(FACTS, agreement_text.load(FACTS.text_version), "https://desk.example/verify/")
    taken = inspect.inspect_upload([scanned(pages=2), photo()])
    whole = seal.complete(form, taken.body, taken.body)
    assert whole.startswith(form)


# --- what is refused


def with_action(action: bytes) -> bytes:
    return raw_pdf(catalog=b"/OpenAction" + action)


ACTIVE = {
    "javascript that runs when it opens": with_action(b"<</S/JavaScript/JS(app.alert\\(1\\))>>"),
    "the same, spelt in hex": with_action(b"<</S/J#61vaScript/J#53(1)>>"),
    "the same, behind a reference": raw_pdf(b"/JavaScript", catalog=b"/OpenAction<</S 4 0 R>>"),
    "a program to launch": with_action(b"<</S/Launch/F(cmd.exe)>>"),
    "a form that is sent": with_action(b"<</S/SubmitForm/F(https://x.example)>>"),
    "another file to open": with_action(b"<</S/GoToR/F(other.pdf)>>"),
    "scripts by name": raw_pdf(catalog=b"/Names<</JavaScript<</Names[]>>>>"),
    "files inside": raw_pdf(catalog=b"/Names<</EmbeddedFiles<</Names[(a)4 0 R]>>>>"),
    "a file inside, found nowhere": raw_pdf(stream(b"MZ", b"/Type/EmbeddedFile")),
    "a paper clip": raw_pdf(b"<</Type/Annot/Subtype/FileAttachment/FS<</EF<<>>>>>>"),
    "a form that programs itself": raw_pdf(catalog=b"/AcroForm<</XFA[]>>"),
    "a film": raw_pdf(b"<</Type/Annot/Subtype/RichMedia>>"),
    "an action on a page": raw_pdf(page=PAGE[:-2] + b"/AA<</O<</S/JavaScript>>>>>>"),
    "an action in a row of others": with_action(b"<</S/GoTo/D[3 0 R/Fit]/Next[<</S/Launch>>]>>"),
}


@pytest.mark.parametrize("what", ACTIVE)
def test_s15_a_pdf_that_could_do_something_is_refused(what: str, tmp_path: Path) -> None:
    assert in_this_process(tmp_path, ACTIVE[what]) == Refusal.ACTIVE


def test_s15_a_script_packed_into_an_object_stream_is_found(tmp_path: Path) -> None:
    writer = PdfWriter()
    writer.add_blank_page(612, 792)
    writer._root_object[NameObject("/OpenAction")] = writer._add_object(
        DictionaryObject({NameObject("/S"): NameObject("/JavaScript")})
    )
    plain = io.BytesIO()
    writer.write(plain)
    assert in_this_process(tmp_path, plain.getvalue()) == Refusal.ACTIVE
    packed = zlib.compress(b"4 0 <</S/JavaScript>>")
    objects = stream(packed, b"/Type/ObjStm/N 1/First 4/Filter/FlateDecode")
    head = raw_pdf().partition(b"xref")[0]
    table = [(0, 0, 65535)]
    table += [(1, head.index(b"%d 0 obj" % number), 0) for number in (1, 2, 3)]
    table += [(2, 5, 0), (1, len(head), 0)]
    body = head + b"5 0 obj\n" + objects + b"\nendobj\n"
    start = len(body)
    table.append((1, start, 0))
    cells = b"".join(struct.pack(">BIH", *row) for row in table)
    body += b"6 0 obj\n" + stream(cells, b"/Type/XRef/Size 7/W[1 4 2]/Root 1 0 R")
    body += b"\nendobj\nstartxref\n%d\n%%%%EOF\n" % start
    assert in_this_process(tmp_path, body) == Refusal.ACTIVE


@pytest.mark.parametrize(
    "action", [b"[3 0 R/Fit]", b"<</S/GoTo/D[3 0 R/Fit]>>", b"<</S/Named/N/FirstPage>>"], ids=["page", "goto", "named"]
)
def test_a_pdf_that_only_opens_at_its_first_page_is_taken(action: bytes, tmp_path: Path) -> None:
    (file,) = in_this_process(tmp_path, with_action(action))
    assert file == {"kind": "pdf", "pages": 1}


@pytest.mark.parametrize(("user", "owner"), [("secret", "secret"), ("", "only the owner's")])
def test_s15_an_encrypted_pdf_is_refused(user: str, owner: str, tmp_path: Path) -> None:
    writer = PdfWriter()
    writer.add_blank_page(612, 792)
    writer.encrypt(user, owner)
    output = io.BytesIO()
    writer.write(output)
    assert in_this_process(tmp_path, output.getvalue()) == Refusal.LOCKED


TWO_IN_ONE = {
    "a PDF that is a zip too": raw_pdf() + zipped(),
    "a PDF with a zip inside": raw_pdf(stream(zipped())),
    "a photo that is a zip too": photo() + zipped(),
    "a PDF with a page of the web behind it": raw_pdf() + b"<html><script>alert(1)</script>",
    "a PDF with a page of the web at its beginning": raw_pdf().replace(b"%PDF-1.7\n", b"%PDF-1.7\n%<HTML><script>\n"),
    "a photo that is a PDF too": photo()[:2] + b"\xff\xfe\x00\x20%PDF-1.4 1 0 obj<</Root 1>>".ljust(34) + photo()[2:],
    "a picture that is a page of the web": photo(form="PNG")[:33] + b"\0\0\0\x15tEXtx\0<script>alert(1);  " + b"0000",
}


@pytest.mark.parametrize("what", TWO_IN_ONE)
def test_s15_a_file_that_is_two_things_is_refused(what: str, tmp_path: Path) -> None:
    assert in_this_process(tmp_path, TWO_IN_ONE[what]) == Refusal.TWO_IN_ONE


OTHERS = {
    "nothing": (b"", Refusal.EMPTY),
    "an iPhone's own kind of photo": (b"\0\0\0\x18ftypheic\0\0\0\0", Refusal.HEIC),
    "a letter of a word processor": (zipped(), Refusal.OTHER),
    "a page of the web": (b"<!doctype html><title>form</title>", Refusal.OTHER),
    "a film": (b"\0\0\0\x18ftypmp42\0\0\0\0", Refusal.OTHER),
    "a PDF with something before it": (b"#!/bin/sh\n" + raw_pdf(), Refusal.OTHER),
    "a program": (b"MZ\x90\0", Refusal.OTHER),
    "half a PDF": (raw_pdf()[:120], Refusal.BROKEN),
    "a PDF without pages": (raw_pdf(pages=0), Refusal.BROKEN),
    "a PDF in name only": (b"%PDF-1.7\nnothing\n%%EOF\n", Refusal.BROKEN),
    "half a photo": (photo()[:900], Refusal.BROKEN),
    "a photo in name only": (b"\xff\xd8\xff\xe0 nothing", Refusal.BROKEN),
    "a page as large as a field": (raw_pdf(page=PAGE.replace(b"792", b"99999")), Refusal.BROKEN),
    "too many pages": (raw_pdf(pages=61), Refusal.TOO_MANY_PAGES),
}


@pytest.mark.parametrize("what", OTHERS)
def test_s15_what_is_no_form_is_refused_and_says_which_kind(what: str, tmp_path: Path) -> None:
    body, why = OTHERS[what]
    assert in_this_process(tmp_path, body) == why


def test_s15_sixty_pages_are_taken_and_no_more_by_two_files(tmp_path: Path) -> None:
    assert in_this_process(tmp_path, raw_pdf(pages=60)) == [{"kind": "pdf", "pages": 60}]
    assert in_this_process(tmp_path, raw_pdf(pages=40), raw_pdf(pages=21)) == Refusal.TOO_MANY_PAGES


def png_head(width: int, height: int) -> bytes:
    """A PNG that says it is so large, in 67 bytes."""
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(b"")),
        (b"IEND", b""),
    ]
    body = b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body


def test_s15_more_than_forty_megapixels_are_refused_before_they_are_drawn(tmp_path: Path) -> None:
    assert in_this_process(tmp_path, png_head(8000, 5001)) == Refusal.TOO_MANY_PIXELS
    assert in_this_process(tmp_path, png_head(60_000, 60_000)) == Refusal.TOO_MANY_PIXELS
    picture = b"/Type/XObject/Subtype/Image/Width 60000/Height 60000/Filter/DCTDecode"
    assert in_this_process(tmp_path, raw_pdf(stream(b"\xff\xd8", picture))) == Refusal.TOO_MANY_PIXELS


def test_s15_forty_megapixels_fit_into_the_childs_memory() -> None:
    white = photo(form="PNG", size=(8000, 5000))
    assert inspect.inspect_upload([white]).count == 1


def test_s15_a_bomb_is_counted_and_never_unpacked() -> None:
    body = bomb()
    assert len(body) < 700_000
    assert refusal(body) is Refusal.TOO_MUCH


def test_s15_a_bomb_in_a_bomb_is_refused(tmp_path: Path) -> None:
    inner = zlib.compress(zlib.compress(bytes(10_000_000)))
    body = raw_pdf(stream(inner, b"/Filter[/FlateDecode/FlateDecode]"))
    assert in_this_process(tmp_path, body) == Refusal.TOO_MUCH


def test_s15_pages_that_lead_in_a_circle_come_to_an_end(tmp_path: Path) -> None:
    looped = raw_pdf().replace(b"/Kids[3 0 R]", b"/Kids[2 0 R]")
    assert in_this_process(tmp_path, looped) in (Refusal.BROKEN, Refusal.TOO_MUCH)


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    assert in_this_process(tmp_path, photo() + bytes(20 * 1024 * 1024)) == Refusal.TOO_LARGE


# --- the child


def child_that(code: str) -> subprocess.CompletedProcess[str]:
    """A process under the child's limits that does something else."""
    program = f"from agreements.documents.uploads import worker; worker.confine()\n{code}"
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("code", "ended"),
    [
        (f"print(len(bytearray({MEMORY})))", "MemoryError"),
        ("open('/tmp/desk-quarantine-test', 'wb').write(bytes(70_000_000))", "File too large"),
        ("[open('/dev/null') for _ in range(99)]", "Too many open files"),
    ],
    ids=["memory", "disk", "files"],
)
def test_s15_the_child_gets_no_more_than_its_share(code: str, ended: str) -> None:
    try:
        assert ended in child_that(code).stderr
    finally:
        Path("/tmp/desk-quarantine-test").unlink(missing_ok=True)  # noqa: S108 - a name of its own


def fake_child(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """A child that does something else, as if a file had made it."""
    run = subprocess.run

    def other(command: list[str], **options: Any) -> Any:
        return run([sys.executable, "-c", code], **options)

    monkeypatch.setattr(subprocess, "run", other)


def test_s15_a_child_that_never_ends_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspect, "PATIENCE", 0.5)
    fake_child(monkeypatch, "import time; time.sleep(60)")
    assert refusal(photo()) is Refusal.TOO_MUCH


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("import os; os.kill(os.getpid(), 9)", Refusal.TOO_MUCH),
        ("import os; os.kill(os.getpid(), 24)", Refusal.TOO_MUCH),
        ("import os; os.kill(os.getpid(), 11)", Refusal.BROKEN),
        ("raise SystemExit(1)", Refusal.BROKEN),
    ],
)
def test_s15_a_child_that_dies_is_an_answer(code: str, why: Refusal, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_child(monkeypatch, code)
    assert refusal(photo()) is why


def test_s15_the_child_knows_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "the key of the desk")
    seen: dict[str, Any] = {}
    run: Callable[..., Any] = subprocess.run

    def watched(command: list[str], **options: Any) -> Any:
        seen.update(options["env"])
        return run(command, **options)

    monkeypatch.setattr(subprocess, "run", watched)
    inspect.inspect_upload([photo()])
    assert set(seen) == {"LANG"}
    assert os.environ["SECRET_KEY"] not in str(seen)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_whatever_is_done_to_a_file_it_is_taken_or_refused(data: st.DataObject) -> None:
    body = bytearray(
        raw_pdf(stream(zlib.compress(b"0 0 m"), b"/Filter/FlateDecode"), page=PAGE[:-2] + b"/Contents 4 0 R>>")
    )
    for place, value in data.draw(st.lists(st.tuples(st.integers(9, len(body) - 8), st.integers(0, 255)), max_size=6)):
        body[place] = value
    with tempfile.TemporaryDirectory() as name:
        said = in_this_process(Path(name), bytes(body))
        if isinstance(said, list):
            assert len(PdfReader(Path(name, "pages.pdf")).pages) == said[0]["pages"]
        else:
            assert said in set(Refusal)


def test_the_numbers_are_those_of_the_issue() -> None:
    from agreements.documents.uploads import rules

    assert (rules.MAX_BYTES, rules.MAX_PAGES, MAX_PIXELS) == (20 * 2**20, 60, 40_000_000)
