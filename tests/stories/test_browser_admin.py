"""An editor's morning on the desk, and a look into every room in light and dark, wide and narrow."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import pytest
from django.utils import timezone

from agreements.domain.facts import sha256
from agreements.domain.states import Status
from agreements.models import Agreement, Link
from proceedings.delivery.public_package import bibliography
from proceedings.models import User, Volume
from tests import make

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

OpenWindow = Callable[..., Any]


@pytest.fixture
def volume(committed: None) -> Volume:
    """Five papers: one to issue, one without a contact, one waiting, one sealed, one declined."""
    now, volume = timezone.now(), make.volume()
    make.paper(volume, key="ready26", title="Ready")
    make.paper(volume, key="nobody26", title="Nobody to ask", contact=None)
    make.agreement("issued", of=make.paper(volume, key="waits26", title="Waits"), now=now)
    make.agreement("sealed", of=make.paper(volume, key="sealed26", title="Sealed"), now=now)
    make.agreement("declined", of=make.paper(volume, key="declined26", title="Declined"), now=now)
    return volume


def log_in(someone: Any, name: str) -> None:
    someone.go("/admin/")
    someone.page.fill("#id_username", name)
    someone.page.fill("#id_password", "pass")
    someone.press("text=Log in >> nth=-1")


def test_an_editor_issues_reads_and_voids(reader: OpenWindow, volume: Volume, tmp_path: Path) -> None:
    make.editor("ed", volume)
    foreign = make.volume(666)
    make.paper(foreign, title="Somebody else’s", key="foreign26")
    with reader() as editor:
        page = editor.page
        editor.go("/admin/")
        editor.check()
        log_in(editor, "ed")
        editor.check()
        assert editor.says("1 of 5 signed")

        editor.press("nav >> text=Volumes")
        editor.check()
        assert "v666" not in page.content()
        row = [cell.strip() for cell in page.inner_text("#result_list tbody tr").split("\t")]
        assert row[1:6] == ["5", "3", "1", "1", "1"]

        editor.press("td.field-to_issue a")
        editor.check()
        assert page.locator("#result_list tbody tr").count() == 3
        page.check("tr:has-text('ready26') input[type=checkbox]")
        page.check("tr:has-text('nobody26') input[type=checkbox]")
        page.select_option("select[name=action]", "issue")
        editor.press("button[name=index]")
        editor.check()
        assert editor.says("This applies to 1 of 2 papers.")
        editor.press("input[type=submit]")
        editor.check()
        assert editor.says("1 issued. We send the invitations within a minute.")
        assert editor.says("The paper has no corresponding author.")
        assert Agreement.objects.get(paper__key="ready26").status == Status.ISSUED

        editor.press("nav >> text=Papers")
        editor.press("tr:has-text('nobody26') th a")
        editor.check()
        page.fill("#id_authors-1-email", "shruti@example.org")
        page.check("#id_authors-1-is_corresponding")
        editor.press("input[name=_save]")
        editor.check()
        assert editor.says("shruti@example.org")

        editor.press("tr:has-text('sealed26') td.field-agreement_ a")
        editor.check()
        assert editor.says("signed as “Mike Lewis”")
        with page.expect_download() as download:
            page.click("text=Sealed PDF")
        download.value.save_as(tmp_path / "copy.pdf")
        sealed = Agreement.objects.get(paper__key="sealed26")
        assert download.value.suggested_filename == "sealed26Permission.pdf"
        assert sha256((tmp_path / "copy.pdf").read_bytes()) == sealed.sealed_sha256

        editor.press("nav >> text=Agreements")
        editor.check()
        editor.press("tr:has-text('waits26') th a")
        editor.press("text=Void agreement…")
        editor.check()
        page.fill("#id_reason", "Sent to the wrong person.")
        editor.press("input[type=submit]")
        editor.check()
        assert editor.says("Agreement voided.")
        assert editor.says("voided: Sent to the wrong person.")
        editor.press("text=Log out")
        editor.check()


def test_a_chairs_tenth_day(reader: OpenWindow, volume: Volume) -> None:
    """From the board to what blocks, to a move for many, and back: fewer block, and nobody else's volume is seen."""
    make.editor("ed", volume)
    make.volume(666)
    boarded = f"/admin/proceedings/volume/{volume.pk}/board/"
    with reader() as chair:
        page = chair.page
        log_in(chair, "ed")
        assert urlparse(page.url).path == boarded
        assert chair.says("1 of 5 signed")
        assert page.get_by_role("img", name="Signatures over time: 1 of 5 today").count() == 1
        chair.check()

        chair.press("text=invitation queued")
        chair.check()
        assert page.locator("#result_list tbody tr").count() == 1
        page.check("tr:has-text('waits26') input[type=checkbox]")
        page.select_option("select[name=action]", "void")
        chair.press("button[name=index]")
        chair.check()
        assert chair.says("This applies to 1 of 1 paper.")
        chair.press("input[type=submit]")
        assert chair.says("This field is required.")
        chair.check()
        page.fill("#id_reason", "Asked the wrong person.")
        chair.press("input[type=submit]")
        chair.check()
        assert chair.says("1 voided.")

        chair.go(boarded)
        chair.check()
        assert not chair.says("invitation queued")
        chair.press(".object-tools >> text=Papers")
        with page.expect_download() as download:
            page.click("text=Download as CSV")
        assert download.value.suggested_filename == "papers.csv"

        chair.press("text=Overview")
        chair.press("text=Import")
        chair.check()
        page.set_input_files("#id_file", files=[{"name": "v.bib", "mimeType": "text/plain", "buffer": bib_of(volume)}])
        chair.press("input[type=submit]")
        chair.check()
        assert chair.says("ready26")
        assert chair.says("Ready for Good")
        page.select_option("select[name=undecided]", label="use the file")  # the paper was not imported before
        chair.press("input[type=submit]")
        chair.check()
        assert chair.says("Imported: 0 new, 1 changed")
        assert "v666" not in page.content()


def bib_of(volume: Volume) -> bytes:
    """The volume as it is, with one paper whose title changed."""
    papers = volume.papers.filter(key="ready26")
    papers.get().authors.exclude(position=1).delete()
    return bibliography(volume, papers).replace("{Ready}", "{Ready for Good}").encode()


def addresses(volume: Volume) -> tuple[list[str], list[str]]:
    """The pages that anyone opens, and those of the desk."""
    now = timezone.now()
    waits = make.agreement("issued", of=make.paper(volume, key="rtl26", title="כותרת עברית " + "x" * 200), now=now)
    sealed = Agreement.objects.get(paper__key="sealed26")
    sign = f"/sign/{make.token(waits, now=now)}/"
    receipt = f"/sign/{make.token(sealed, now=now)}/"
    dead = f"/sign/{make.token(sealed, now=now, purpose=Link.Purpose.COPY)}/"
    public = [sign, f"{sign}decline/", receipt, dead, "/verify/", "/nothing/", "/admin/login/"]
    paper, user = sealed.paper_id, User.objects.get(username="boss").pk
    editor_client = ["/admin/", "/admin/agreements/", "/admin/password_change/"]
    editor_client += [
        f"/admin/proceedings/volume/{path}" for path in ("", "add/", f"{volume.pk}/change/", f"{volume.pk}/history/")
    ]
    editor_client += [
        f"/admin/proceedings/volume/{path}" for path in (f"{volume.pk}/board/", "import/", f"{volume.pk}/packages/")
    ]
    editor_client += [
        f"/admin/proceedings/paper/{path}"
        for path in ("", "add/", f"{paper}/change/", f"{paper}/history/", f"{paper}/delete/")
    ]
    editor_client += [f"/admin/proceedings/volume/{volume.pk}/{path}/" for path in ("names", "files")]
    editor_client += ["/admin/agreements/bulkjob/"]
    editor_client += ["/admin/proceedings/paper/?q=nothing+like+it", "/admin/proceedings/paper/?agreement=issued"]
    editor_client += ["/admin/proceedings/paper/?volume=247&blocker=declined"]
    editor_client += [
        f"/admin/agreements/agreement/{path}" for path in ("", f"{sealed.pk}/change/", f"{waits.pk}/change/")
    ]
    editor_client += [f"/admin/agreements/agreement/{waits.pk}/move/{verb}/" for verb in ("void", "supersede")]
    editor_client += [
        f"/admin/proceedings/user/{path}" for path in ("", "add/", f"{user}/change/", f"{user}/password/")
    ]
    return public, editor_client


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (320, "dark")])
def test_every_admin_page_is_complete_error_free_and_accessible(
    width: int, scheme: str, reader: OpenWindow, volume: Volume
) -> None:
    User.objects.create_superuser("boss", password="pass")
    public, editor_client = addresses(volume)
    with reader(width=width, color_scheme=scheme) as visitor:
        barriers = []
        for path in public:
            visitor.go(path)
            barriers += visitor.barriers()
        log_in(visitor, "boss")
        for path in editor_client:
            visitor.go(path)
            barriers += visitor.barriers()
    assert not barriers
