"""The packages on the desk: asked for by a POST, made by the clock, fetched by those who may."""

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.core import signing
from django.test import Client

from agreements.delivery import packages
from agreements.delivery.download_links import LINK_LIFETIME, download_url
from agreements.jobs import package_builder, scheduled
from proceedings.models import Paper, PaperFile, Volume
from tests import make
from tests.agreements.pages import all_rows, drop
from tests.stories import ready_volume

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


def made(volume: Volume) -> None:
    package_builder.make_due(scheduled.stopped(make.CLOSES))


def fetched(desk: Client, volume: Volume, which: str = "public") -> Any:
    """What comes when the editor presses *Download*."""
    package = volume.packages.filter(which=which).first()
    assert package
    return desk.get(f"{page(volume)}{package.pk}.zip", follow=True)


def body_of(response: Any) -> bytes:
    return b"".join(response.streaming_content)


def test_what_a_package_lacks_is_said_once_with_all_its_papers(volume: Volume, desk: Client) -> None:
    lost = list(PaperFile.objects.filter(paper__volume=volume).values_list("paper__key", flat=True))[:2]
    PaperFile.objects.filter(paper__key__in=lost).delete()

    shown = desk.get(page(volume)).content.decode()

    assert shown.count("has no PDF") == 1
    assert '<span class="number">2</span> file: has no PDF' in shown
    for key in lost:
        paper = Paper.objects.get(volume=volume, key=key)
        assert f'<a href="/admin/proceedings/paper/{paper.pk}/change/">{key}</a>' in shown


def test_an_editor_asks_waits_and_downloads(volume: Volume, desk: Client) -> None:
    assert b"Ready.</strong> All 3 papers" in desk.get(page(volume)).content

    waiting: Any = desk.post(page(volume), follow=True)

    assert b"The server is making the packages." in waiting.content
    assert waiting["Refresh"] == "5"
    assert "Refresh" not in desk.get(page(volume), {"still": "1"})
    made(volume)
    done = desk.get(page(volume))
    assert "Refresh" not in done
    assert b"Download v901.zip" in done.content
    assert b"Download v901permissions.zip" in done.content
    for which, name in (("public", "v901.zip"), ("permissions", "v901permissions.zip")):
        response = fetched(desk, volume, which)
        assert response["Content-Disposition"] == f'attachment; filename="{name}"'
        body = body_of(response)
        package = volume.packages.get(which=which)
        assert (len(body), hashlib.sha256(body).hexdigest()) == (int(response["Content-Length"]), package.sha256)
        assert package.sha256.encode() in done.content


def test_progress_is_shown_while_they_are_made(volume: Volume, desk: Client) -> None:
    desk.post(page(volume))
    package_builder.claim(make.CLOSES)
    volume.packages.filter(which="public").update(done=2, total=5)

    text = desk.get(page(volume)).content.decode()

    assert '<progress max="5" value="2"' in text
    assert "2 of 5 files" in text


def test_a_package_is_outdated_when_facts_have_changed(volume: Volume, desk: Client) -> None:
    desk.post(page(volume))
    made(volume)
    assert "outdated" not in desk.get(page(volume)).content.decode()

    Paper.objects.filter(key="lewis26a").update(abstract="Other words.")

    assert desk.get(page(volume)).content.decode().count("outdated") == 2


def test_a_failure_is_said_with_what_to_do(volume: Volume, desk: Client) -> None:
    desk.post(page(volume))
    PaperFile.objects.filter(paper__key="lewis26b").delete()
    made(volume)

    assert "The volume is no longer ready: lewis26b" in desk.get(page(volume)).content.decode()


def test_the_address_lives_for_minutes_and_gives_ranges(volume: Volume, desk: Client) -> None:
    desk.post(page(volume))
    made(volume)
    package = volume.packages.get(which="public")
    address = download_url(package)
    anyone = Client()
    whole = body_of(anyone.get(address))

    part: Any = anyone.get(address, headers={"Range": "bytes=10-19"})

    assert (part.status_code, body_of(part)) == (206, whole[10:20])
    assert part["Content-Range"] == f"bytes 10-19/{len(whole)}"
    assert anyone.get(address.replace("/packages/", "/packages/x")).status_code == 404
    stale = signing.dumps(package.pk, salt="something else")
    assert anyone.get(f"/packages/{stale}/v901.zip").status_code == 404
    with freeze_signer(LINK_LIFETIME.total_seconds() + 1):
        gone = anyone.get(address)
    assert gone.status_code == 404
    assert b"This address has ended" in gone.content


@contextmanager
def freeze_signer(seconds: float) -> Iterator[None]:
    """The clock of Django's signatures, so many seconds ahead."""
    patch = pytest.MonkeyPatch()
    now = time.time()
    patch.setattr("django.core.signing.time.time", lambda: now + seconds)
    try:
        yield
    finally:
        patch.undo()


def test_looking_changes_nothing(volume: Volume, desk: Client) -> None:
    desk.post(page(volume))
    made(volume)
    before = all_rows()

    desk.get(page(volume))
    drop(fetched(desk, volume))
    assert desk.post(f"{page(volume)}{volume.packages.first().pk}.zip").status_code == 405  # type: ignore[union-attr]

    assert all_rows() == before


def test_a_volume_that_is_not_ready_says_why_and_goes_out_only_as_a_part(volume: Volume, desk: Client) -> None:
    PaperFile.objects.filter(paper__key="lewis26b").delete()

    assert b"file: has no PDF" in desk.get(page(volume)).content
    refused = desk.post(page(volume), follow=True)
    assert b"No packages were made: the volume is not ready" in refused.content
    assert not volume.packages.exists()
    desk.post(page(volume), {"partial": "on"})
    made(volume)
    part = fetched(desk, volume, "permissions")
    assert part["Content-Disposition"] == 'attachment; filename="v901permissions-PARTIAL.zip"'
    drop(part)


def test_what_cannot_be_written_is_said(volume: Volume, desk: Client) -> None:
    Volume.objects.update(address="中")

    desk.post(page(volume), {"partial": "on"})
    made(volume)

    assert "no LaTeX form for U+4E2D" in desk.get(page(volume)).content.decode()


def test_only_the_volumes_editors_get_at_it(volume: Volume, desk: Client) -> None:
    desk.post(page(volume))
    made(volume)
    stranger = Client()
    stranger.force_login(make.editor("stranger", make.volume(247)))
    own = make.volume(300)
    desk.get("/admin/")
    package = volume.packages.first()
    assert package

    for path in ("", f"{package.pk}.zip"):
        assert stranger.get(page(volume) + path).status_code == 404
        assert stranger.post(page(volume) + path).status_code == 404
        assert Client().post(page(volume) + path).status_code == 302
    assert desk.get(f"{page(own)}{package.pk}.zip").status_code == 404
    assert desk.get(f"{page(volume)}999999.zip").status_code == 404


def test_an_assistant_looks_and_gets_nothing(volume: Volume, desk: Client) -> None:
    desk.post(page(volume))
    made(volume)
    assistant = make.editor("helper")
    volume.assistants.add(assistant)
    client = Client()
    client.force_login(assistant)
    package = volume.packages.first()
    assert package

    assert b"Download" not in client.get(page(volume)).content
    assert client.post(page(volume)).status_code == 403
    assert client.get(f"{page(volume)}{package.pk}.zip").status_code == 403


def test_a_volume_without_papers_is_not_ready() -> None:
    volume = make.volume(9)

    what = packages.prepare(volume, make.DEADLINE)

    assert not what.ready
    assert any("the volume has no papers" in reason for reason in what.reasons)


def test_the_papers_page_says_what_the_publisher_would(volume: Volume, desk: Client) -> None:
    paper = Paper.objects.get(key="lewis26b")
    address = f"/admin/proceedings/paper/{paper.pk}/change/"
    assert "No findings." in desk.get(address).content.decode()

    PaperFile.objects.filter(paper=paper).delete()
    Paper.objects.filter(pk=paper.pk).update(abstract=r"We \\textbf{train}.", key="Lewis26b")

    page = desk.get(address).content.decode()
    for said in ("has no PDF", r"the publisher rejects \\", "proposed: lewis26b"):
        assert said in page
    assert "Publisher checks" not in desk.get("/admin/proceedings/paper/add/").content.decode()
