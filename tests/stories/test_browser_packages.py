"""Handing a volume over, in a browser: asked for, waited for, downloaded."""

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from agreements.jobs import package_builder
from proceedings.models import Paper, Volume
from tests import make
from tests.stories import ready_volume
from tests.stories.test_browser_admin import log_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

OpenWindow = Callable[..., Any]


@pytest.fixture
def volume(committed: None, tmp_path: Path) -> Volume:
    return ready_volume.ready(tmp_path / "camera-ready")


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_an_editor_hands_a_volume_over(
    reader: OpenWindow, volume: Volume, tmp_path: Path, width: int, scheme: str
) -> None:
    """Without scripts: the page that waits loads itself again, and can be told not to."""
    make.editor("ed", volume)
    with reader(width=width, color_scheme=scheme, java_script_enabled=True, accept_downloads=True) as editor:
        page = editor.page
        log_in(editor, "ed")
        editor.go(f"/admin/proceedings/volume/{volume.pk}/packages/")
        assert editor.says("Ready. All 3 papers")
        editor.check()
        editor.press("text=Make both packages")
        assert editor.says("The server is making the packages.")
        package_builder.claim(timezone.now())
        editor.press("text=Stop refreshing")
        assert editor.says("0 of 0 files")
        editor.check()
        volume.packages.update(lease_until=timezone.now() - package_builder.LEASE)
        package_builder.make_due(timezone.now)
        editor.press("text=refresh now")
        editor.check()
        with page.expect_download() as coming:
            page.click("text=Download v901.zip")
        coming.value.save_as(tmp_path / "v901.zip")
        with zipfile.ZipFile(tmp_path / "v901.zip") as archive:
            assert archive.testzip() is None
            assert "v901/v901.bib" in archive.namelist()
        Paper.objects.filter(key="lewis26a").update(title="Another", title_latex="Another")
        page.reload()
        assert editor.says("outdated")
        assert editor.says("What is missing")
        editor.check()


def test_the_page_that_waits_loads_itself_again_without_scripts(reader: OpenWindow, volume: Volume) -> None:
    make.editor("ed", volume)
    with reader(java_script_enabled=False) as editor:
        log_in(editor, "ed")
        editor.go(f"/admin/proceedings/volume/{volume.pk}/packages/")
        editor.press("text=Make both packages")
        package_builder.make_due(timezone.now)
        editor.page.wait_for_selector("text=Download v901.zip", timeout=20_000)
