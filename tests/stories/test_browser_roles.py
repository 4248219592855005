"""An editor of another volume sees nothing: neither by following every link there is, nor by typing addresses."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlparse

import pytest
from django.utils import timezone

from agreements.models import Agreement
from proceedings.models import Volume
from tests import make

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

OpenWindow = Callable[..., Any]
SECRETS = ("Zanzibar", "zanzibar", "v666")
PARTING = ("/logout/", ".pdf", ".zip", ".csv", ".bib", ".json", "/add/", "/delete/")
"""Links that end the visit, are no pages, or change what is there."""


@pytest.fixture
def foreign(committed: None) -> Volume:
    """Two volumes with an editor each; everything of the second is called Zanzibar."""
    now, own, foreign = timezone.now(), make.volume(247), make.volume(666)
    Volume.objects.filter(pk=foreign.pk).update(shortname="Zanzibar", name="Zanzibar Conference")
    for volume, title in ((own, "At home"), (foreign, "Zanzibar")):
        for status in ("issued", "sealed", "declined"):
            key = f"{title.split()[0].lower()}26-{status}"
            make.agreement(status, of=make.paper(volume, key=key, title=f"{title} {status}"), now=now)
    make.editor("ed", own)
    make.editor("zanzibar-editor", foreign)
    return foreign


def log_in(someone: Any, name: str) -> None:
    someone.go("/admin/")
    someone.page.fill("#id_username", name)
    someone.page.fill("#id_password", "pass")
    someone.press("input[type=submit]")


def links_on(page: Any) -> set[str]:
    """Where the links of a page lead within the desk."""
    found = page.eval_on_selector_all("a[href]", "links => links.map(link => link.getAttribute('href'))")
    paths = {urljoin(page.url, href).partition("#")[0] for href in found}
    simple = {path for path in paths if path.count("=") < 2}  # not every filter with every other
    return {path for path in simple if "/admin/" in path and not any(part in path for part in PARTING)}


def shape(address: str) -> str:
    """One page of a kind is enough: of one row, of one value of a filter."""
    parts = urlparse(address)
    names = sorted(part.partition("=")[0] for part in parts.query.split("&"))
    return re.sub(r"\d+", "N", parts.path) + "&".join(names)


def test_an_editor_of_another_volume_sees_nothing(reader: OpenWindow, foreign: Volume, tmp_path: Path) -> None:
    with reader() as editor:
        page = editor.page
        log_in(editor, "ed")
        waiting, seen, barriers = [page.url], set[str](), list[str]()
        while waiting:
            address = waiting.pop()
            if shape(address) in seen:
                continue
            seen.add(shape(address))
            page.goto(address)
            assert not [secret for secret in SECRETS if secret in page.content()], address
            barriers += editor.complaints
            waiting += links_on(page)
        assert len(seen) > 15
        assert not barriers

        with page.expect_download() as download:
            page.goto(f"{editor.home}/admin/proceedings/paper/")
            page.click("text=Download as CSV")
        download.value.save_as(tmp_path / "papers.csv")
        assert "At home" in (tmp_path / "papers.csv").read_text()
        assert "Zanzibar" not in (tmp_path / "papers.csv").read_text()

        theirs = Agreement.objects.get(paper__volume=foreign, status="sealed")
        for path in (
            f"proceedings/volume/{foreign.pk}/board/",
            f"proceedings/volume/{foreign.pk}/packages/",
            f"proceedings/paper/{theirs.paper_id}/change/",
            f"proceedings/paper/{theirs.paper_id}/history/",
            f"agreements/agreement/{theirs.pk}/change/",
            f"agreements/agreement/{theirs.pk}/move/void/",
        ):
            answer = page.goto(f"{editor.home}/admin/{path}")
            assert answer.status in (403, 404), path
            assert not any(secret in page.content() for secret in SECRETS), path
            editor.check()
        editor.go("/admin/proceedings/paper/?q=zanzibar")
        assert page.locator("#result_list tbody tr").count() == 0
        editor.check()


def test_a_bulk_action_on_the_overview_removes_a_blocker(reader: OpenWindow, foreign: Volume) -> None:
    own = Volume.objects.get(number=247)
    make.paper(own, key="ready26", title="Ready")
    with reader(width=390, color_scheme="dark") as chair:
        page = chair.page
        log_in(chair, "ed")
        chair.check()
        chair.press("li:has-text('not issued') button")
        chair.check()
        assert chair.says("This applies to 1 of 1 paper.")
        chair.press("input[type=submit]")
        chair.check()
        assert chair.says("1 issued.")
        assert Agreement.objects.get(paper__key="ready26").status == "issued"
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
