"""The packages on the desk: the same bytes as the command's, only for those who may, and never by a GET."""

import io
import zipfile
from pathlib import Path

import pytest
from django.test import Client

from agreements import handover
from proceedings.models import Paper, PaperFile, Volume
from tests import make
from tests.agreements.pages import all_rows
from tests.stories import ready_volume
from tests.stories.ready_volume import deliver, tree

pytestmark = pytest.mark.django_db


@pytest.fixture
def volume(tmp_path: Path) -> Volume:
    return ready_volume.ready(tmp_path / "camera-ready")


@pytest.fixture
def desk(volume: Volume) -> Client:
    client = Client()
    client.force_login(make.editor("ed", volume))
    return client


def page(volume: Volume) -> str:
    return f"/admin/proceedings/volume/{volume.pk}/packages/"


def unzipped(response: object) -> dict[str, bytes]:
    body = b"".join(response.streaming_content)  # type: ignore[attr-defined]
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_two_zips_hold_what_the_command_writes(volume: Volume, desk: Client, tmp_path: Path) -> None:
    public = desk.post(page(volume) + "public.zip")
    permissions = desk.post(page(volume) + "permissions.zip")

    assert public["Content-Disposition"] == 'attachment; filename="v901.zip"'
    files = unzipped(public)
    assert int(public["Content-Length"]) > sum(map(len, files.values()))
    files |= unzipped(permissions)
    deliver(tmp_path / "out")
    assert files == tree(tmp_path / "out")


def test_the_length_announced_is_the_length_sent(volume: Volume, desk: Client) -> None:
    response = desk.post(page(volume) + "public.zip")

    assert int(response["Content-Length"]) == len(b"".join(response.streaming_content))  # type: ignore[attr-defined]


def test_a_download_leaves_its_events_and_keeps_the_keys(volume: Volume, desk: Client) -> None:
    unzipped(desk.post(page(volume) + "permissions.zip"))
    unzipped(desk.post(page(volume) + "public.zip"))

    agreement = Paper.objects.get(key="lewis26a").agreements.get()
    last = agreement.events.last()
    assert last is not None
    assert (last.kind, last.by) == ("deliver", "editor:ed")
    assert set(Paper.objects.values_list("delivered_key", flat=True)) == {"angstrom26", "lewis26a", "lewis26b"}


def test_looking_changes_nothing(volume: Volume, desk: Client) -> None:
    desk.get("/admin/")
    before = all_rows()

    assert b"Ready.</strong> All 3 papers" in desk.get(page(volume)).content
    assert desk.get(page(volume) + "public.zip").status_code == 405
    assert all_rows() == before


def test_a_volume_that_is_not_ready_says_why_and_goes_out_only_as_a_part(volume: Volume, desk: Client) -> None:
    PaperFile.objects.filter(paper__key="lewis26b").delete()

    assert b"lewis26b, file: has no PDF" in desk.get(page(volume)).content
    refused = desk.post(page(volume) + "public.zip", follow=True)
    assert b"Nothing was handed over. It is not ready" in refused.content
    part = desk.post(page(volume) + "permissions.zip", {"partial": "on"})
    assert part["Content-Disposition"] == 'attachment; filename="v901permissions-PARTIAL.zip"'
    assert b"lewis26b, file: has no PDF" in unzipped(part)["v901permissions/PARTIAL.txt"]


def test_what_cannot_be_written_is_said(volume: Volume, desk: Client) -> None:
    Volume.objects.update(address="中")

    refused = desk.post(page(volume) + "public.zip", {"partial": "on"}, follow=True)

    assert "no LaTeX form for U+4E2D" in refused.content.decode()


def test_only_the_volumes_editors_get_at_it(volume: Volume, desk: Client) -> None:
    stranger = Client()
    stranger.force_login(make.editor("stranger", make.volume(247)))

    for path in ("", "public.zip", "permissions.zip"):
        assert stranger.post(page(volume) + path).status_code == 404
        assert Client().post(page(volume) + path).status_code == 302
    assert desk.post(page(volume) + "other.zip").status_code == 404


def test_an_assistant_looks_and_gets_nothing(volume: Volume) -> None:
    assistant = make.editor("helper")
    volume.assistants.add(assistant)
    client = Client()
    client.force_login(assistant)

    assert b"Download" not in client.get(page(volume)).content
    assert client.post(page(volume) + "public.zip").status_code == 403


def test_a_volume_without_papers_is_not_ready() -> None:
    volume = make.volume(9)

    what = handover.prepare(volume, make.DEADLINE)

    assert not what.ready
    assert any("the volume has no papers" in reason for reason in what.reasons)


def test_the_papers_page_says_what_the_publisher_would(volume: Volume, desk: Client) -> None:
    paper = Paper.objects.get(key="lewis26b")
    address = f"/admin/proceedings/paper/{paper.pk}/change/"
    assert "Nothing." in desk.get(address).content.decode()

    PaperFile.objects.filter(paper=paper).delete()
    Paper.objects.filter(pk=paper.pk).update(abstract=r"We \\textbf{train}.", key="Lewis26b")

    page = desk.get(address).content.decode()
    for said in ("has no PDF", r"the publisher refuses \\", "proposed: lewis26b"):
        assert said in page
    assert "What the publisher would say" not in desk.get("/admin/proceedings/paper/add/").content.decode()
