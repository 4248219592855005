"""The papers' files on the desk: matched by key, looked into, held back where in doubt, never half there."""

from typing import Any

import pytest
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from agreements.models import Agreement
from proceedings.admin import files
from proceedings.models import Paper, PaperFile, Volume
from tests import make
from tests.agreements.editors import BOOKKEEPING, Roles, client_for
from tests.agreements.pages import all_rows, fields_of
from tests.proceedings.files.test_uploads import zipped
from tests.proceedings.pdf_files import pdf, pdf_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def volume() -> Volume:
    volume = make.the_volume()
    for number in (1, 2, 3):
        make.paper(volume, key=f"lewis26{number}", title=f"Wonderful Discoveries About Matter {number}")
    return volume


@pytest.fixture(autouse=True)
def nothing_waits() -> None:
    for name in waiting():
        storages["private"].delete(f"uploads/{name}")


def page_of(volume: Volume) -> str:
    return f"/admin/proceedings/volume/{volume.pk}/files/"


def send(editor_client: Client, volume: Volume, *files: tuple[str, bytes]) -> Any:
    return editor_client.post(page_of(volume), {"files": [SimpleUploadedFile(name, body) for name, body in files]})


def paper(number: int) -> Paper:
    return Paper.objects.get(key=f"lewis26{number}")


def attached() -> list[str]:
    return sorted(file.name for file in PaperFile.objects.select_related("paper"))


def waiting() -> list[str]:
    try:
        return storages["private"].listdir("uploads")[1]
    except FileNotFoundError:
        return []


def test_many_files_and_a_zip_find_their_papers(editor_client: Client, volume: Volume) -> None:
    archive = zipped(("v/lewis262.pdf", pdf_of(paper(2))), ("v/lewis262-supp.zip", zipped(("x.py", b"1"))))
    page = send(editor_client, volume, ("lewis261.pdf", pdf_of(paper(1))), ("all.zip", archive)).content.decode()
    assert "3 attached" in page
    assert "Papers without a PDF (1): lewis263" in page
    assert attached() == ["lewis261.pdf", "lewis262-supp.zip", "lewis262.pdf"]
    again = send(editor_client, volume, ("lewis261.pdf", pdf_of(paper(1)))).content.decode()
    assert "1 unchanged" in again


def test_every_file_that_is_not_taken_in_is_named_with_why(editor_client: Client, volume: Volume) -> None:
    make.agreement("sealed", of=paper(1))
    with storages["private"].open(Agreement.objects.get().sealed_file) as sealed:
        agreement = sealed.read()
    page = send(
        editor_client,
        volume,
        ("lewis261.pdf", agreement),
        ("lewis262.pdf", b"no pdf"),
        ("nobody26.pdf", pdf("x")),
        ("lewis263.pdf", pdf_of(paper(3))),
        ("lewis263-supp.pdf", b""),
        ("all.zip", b"no zip"),
    ).content.decode()
    for why in (
        "is a publication agreement, not a paper",
        "does not open as a PDF",
        "v247 has no paper with the key nobody26",
        "is not a valid zip",
        "is empty",
    ):
        assert why in page, why
    assert attached() == ["lewis263.pdf"]


def test_a_file_that_may_be_another_paper_is_held_back_until_somebody_is_sure(
    editor_client: Client, volume: Volume
) -> None:
    wrong = pdf("Something Else Entirely", "Nobody Known")
    page = send(editor_client, volume, ("lewis261.pdf", wrong), ("lewis262.pdf", pdf_of(paper(2))))
    assert "1 held for review" in page.content.decode()
    assert "check that it is this paper" in page.content.decode()
    assert attached() == ["lewis262.pdf"]
    assert len(waiting()) == 1
    assert "check that it is this paper" in editor_client.get(page_of(volume)).content.decode()
    done = editor_client.post(page_of(volume), {"go on": "1", "sure": "lewis261.pdf"}).content.decode()
    assert "1 attached" in done
    assert attached() == ["lewis261.pdf", "lewis262.pdf"]
    assert waiting() == []


def test_what_nobody_is_sure_of_is_dropped(editor_client: Client, volume: Volume) -> None:
    send(editor_client, volume, ("lewis261.pdf", pdf("Something Else Entirely", "Nobody Known")))
    editor_client.post(page_of(volume), {"go on": "1"})
    assert (attached(), waiting()) == ([], [])
    assert "Held for review" not in editor_client.get(page_of(volume)).content.decode()


def test_a_paper_keeps_its_file_while_another_is_held_for_review(editor_client: Client, volume: Volume) -> None:
    send(editor_client, volume, ("lewis261.pdf", pdf_of(paper(1))))
    before = PaperFile.objects.values().get()
    send(editor_client, volume, ("lewis261.pdf", pdf("Something Else Entirely", "Nobody Known")))
    assert PaperFile.objects.values().get() == before


def test_what_a_browser_cannot_wait_for_goes_on_at_a_button(
    editor_client: Client, volume: Volume, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MAX_SECONDS", -1.0)
    archive = zipped(*((f"lewis26{number}.pdf", pdf_of(paper(number))) for number in (1, 2, 3)))
    page = send(editor_client, volume, ("all.zip", archive)).content.decode()
    assert "<strong>2</strong> files are uploaded but not yet read" in page
    assert attached() == ["lewis261.pdf"]
    editor_client.post(page_of(volume), {"go on": "1"})
    editor_client.post(page_of(volume), {"go on": "1"})
    assert attached() == ["lewis261.pdf", "lewis262.pdf", "lewis263.pdf"]
    assert waiting() == []


def test_an_upload_that_is_given_up_leaves_nothing_behind(editor_client: Client, volume: Volume) -> None:
    for _ in range(3):
        send(editor_client, volume, ("lewis261.pdf", pdf("Something Else Entirely", "Nobody Known")))
    assert len(waiting()) == 1


def test_what_waits_for_one_volume_is_not_taken_into_another(editor_client: Client, volume: Volume) -> None:
    other = make.volume(300)
    other.editors.set(volume.editors.all())
    make.paper(other, key="lewis261", title="Another One")
    send(editor_client, volume, ("lewis261.pdf", pdf("Something Else Entirely", "Nobody Known")))
    editor_client.post(page_of(other), {"go on": "1", "sure": "lewis261.pdf"})
    assert attached() == []


def test_nothing_chosen_is_said(editor_client: Client, volume: Volume) -> None:
    answer = editor_client.post(page_of(volume), {})
    assert answer.status_code == 400
    assert "No files were selected. Choose PDFs" in answer.content.decode()


def test_more_files_than_a_form_takes_are_rejected_with_what_to_do(editor_client: Client, volume: Volume) -> None:
    answer = send(editor_client, volume, *((f"a{number}.pdf", b"x") for number in range(101)))
    assert answer.status_code == 400
    assert "You selected more than 100 files. Nothing was read. Put the files into a zip." in answer.content.decode()


def test_far_too_much_is_rejected_before_it_is_read(
    editor_client: Client, volume: Volume, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MAX_TOTAL_SIZE", 100)
    answer = send(editor_client, volume, ("lewis261.pdf", pdf_of(paper(1))))
    assert answer.status_code == 413
    assert attached() == []


def test_a_forged_form_is_rejected(volume: Volume) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(make.editor("eve", volume))
    files = [SimpleUploadedFile("lewis261.pdf", pdf_of(paper(1)))]
    assert client.post(page_of(volume), {"files": files}).status_code == 403
    token = fields_of(client.get(page_of(volume)))["csrfmiddlewaretoken"]
    files = [SimpleUploadedFile("lewis261.pdf", pdf_of(paper(1)))]
    assert client.post(page_of(volume), {"files": files, "csrfmiddlewaretoken": token}).status_code == 200
    assert attached() == ["lewis261.pdf"]


def test_only_the_volumes_editors_upload(roles: Roles) -> None:
    clients = [client_for(user) for user in (roles.editor, roles.nobody, roles.assistant)]
    before = all_rows(but=BOOKKEEPING)
    statuses = [send(client, roles.foreign, ("zanzibar26.pdf", pdf("x"))).status_code for client in clients]
    assert statuses == [404, 404, 403]
    assert all_rows(but=BOOKKEEPING) == before
    assert 'type="file"' not in clients[2].get(page_of(roles.foreign)).content.decode()
