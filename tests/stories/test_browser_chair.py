"""A chair's first, tenth and last day, in a browser; and that an editor of another volume sees nothing of it.

With ``PICTURES=folder`` every page of the story is also left there as a picture.
"""

import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from agreements.domain.states import Status
from agreements.jobs import bulk, package_builder, scheduled
from agreements.models import Agreement, Message
from proceedings.models import NameReview, Paper, Volume
from tests import make
from tests.proceedings.pdf_files import pdf, pdf_of
from tests.stories import ready_volume
from tests.stories.test_browser_admin import log_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

OpenWindow = Callable[..., Any]
WIDTHS = pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])

TABLE = """Nr,Titel,Autoren,Mails,Kontakt
1,Learning to Wait,"Lewis, Mike; Yee Garcia Teh",mike@a.example; teh@a.example,1
2,Waiting to Learn,"Andrea Del Prete; Dettmers, Tim",andrea@a.example; tim@a.example,1
3,A Third Paper,"Bhosale, Shruti",shruti@a.example,1
"""


def check_page(someone: Any, name: str) -> None:
    """The page is whole and quiet; its picture, if somebody wants to see it."""
    if folder := os.environ.get("PICTURES"):
        width = someone.page.viewport_size["width"]
        someone.page.screenshot(path=Path(folder) / f"{name}-{width}.png", full_page=True)
    someone.check()


def choose_all(someone: Any, verb: str) -> None:
    for box in someone.page.query_selector_all("#result_list tbody input[type=checkbox]"):
        box.check()
    someone.page.select_option("select[name=action]", verb)
    someone.press("button[name=index]")


def overview_path(volume: Volume) -> str:
    return f"/admin/proceedings/volume/{volume.pk}/board/"


@WIDTHS
def test_first_day_import_names_issue(reader: OpenWindow, committed: None, width: int, scheme: str) -> None:
    volume, other = make.volume(), make.volume(666)
    make.editor("chair", volume)
    make.editor("stranger", other)
    with reader(width=width, color_scheme=scheme) as chair:
        page = chair.page
        log_in(chair, "chair")
        assert chair.says("No papers yet.")
        check_page(chair, "1-empty-note")
        chair.press(".empty-note >> text=Import the volume")
        check_page(chair, "1-import")
        table = {"name": "accepted.csv", "mimeType": "text/csv", "buffer": TABLE.encode()}
        page.set_input_files("#id_file", files=[table])
        chair.press("input[type=submit]")
        assert chair.says("Choose the column for each field.")
        for ours, theirs in (("number", "Nr"), ("title", "Titel"), ("authors", "Autoren")):
            page.select_option(f"#id_{ours}", theirs)
        page.select_option("#id_emails", "Mails")
        page.select_option("#id_contact", "Kontakt")
        check_page(chair, "1-columns")
        chair.press("input[type=submit]")
        assert chair.says("Learning to Wait")
        page.uncheck("li:has-text('A Third Paper') input")
        check_page(chair, "1-plan")
        chair.press("text=Import now")
        assert chair.says("Imported: 2 new, 0 changed, 0 unchanged, 0 rejected, 1 skipped.")
        assert chair.says("name probably wrong")
        check_page(chair, "1-board")

        chair.press("text=Review names.")
        check_page(chair, "1-names")
        page.fill("input[aria-label='Correct name for Teh, Yee Garcia']", "Yee Garcia Teh")
        chair.press("input[name=all]")
        assert chair.says("has no comma: write Last, First")
        check_page(chair, "1-names-refused")
        page.fill("input[aria-label='Correct name for Teh, Yee Garcia']", "Teh, Yee Garcia")
        chair.press("input[name=all]")
        assert chair.says("No names to review.")
        check_page(chair, "1-names-done")
        assert not NameReview.objects.filter(resolved_at=None).exists()

        chair.go(f"/admin/proceedings/paper/?volume={volume.number}&agreement=none")
        choose_all(chair, "issue")
        assert chair.says("This applies to 2 of 2 papers.")
        chair.press("input[type=submit].default")
        assert chair.says("2 issued.")
        check_page(chair, "1-issued")
    assert Agreement.objects.filter(status=Status.ISSUED).count() == 2

    with reader(width=width, color_scheme=scheme) as stranger:
        log_in(stranger, "stranger")
        for path in ("board", "names", "files", "packages", "change"):
            stranger.go(f"/admin/proceedings/volume/{volume.pk}/{path}/")
            assert not stranger.says("COLT247")
            assert not stranger.says("Learning to Wait")
        stranger.go("/admin/proceedings/paper/")
        assert not stranger.says("Learning to Wait")


@WIDTHS
def test_tenth_day_blockers_and_bulk_actions(
    reader: OpenWindow, committed: None, width: int, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "MAX_IN_REQUEST", 1)
    volume, now = make.volume(), timezone.now()
    make.editor("chair", volume, zone="Asia/Tokyo")
    papers = [make.paper(volume, key=f"wait26{number}", title=f"Paper {number}") for number in range(4)]
    for paper in papers[:3]:
        make.agreement("issued", of=paper, now=now)
        paper.authors.filter(position=2).update(email="shruti@b.example")
    Message.objects.update(state=Message.State.SENT, sent_at=now)
    sealed = make.agreement("sealed", of=papers[3], now=now)
    Paper.objects.filter(pk=papers[3].pk).update(title="Paper 3, revised")
    with reader(width=width, color_scheme=scheme) as chair:
        page = chair.page
        log_in(chair, "chair")
        assert chair.says("title or authors changed")
        check_page(chair, "10-board")

        chair.press(".overview-blockers >> text=awaiting signature")
        choose_all(chair, "contact")
        for box in page.query_selector_all("select[name^=contact_]")[:2]:
            box.select_option(label="Shruti Bhosale <shruti@b.example>")
        check_page(chair, "10-contacts")
        chair.press("input[type=submit].default")
        assert chair.says("0 of 2 done")
        chair.press("text=Stop refreshing")
        check_page(chair, "10-job")
        bulk.run_jobs(scheduled.fixed_clock(timezone.now()))
        chair.press("text=Refresh again")
        assert chair.says("2 of 2 done: 2 changed.")
        check_page(chair, "10-job-done")

        chair.go("/admin/proceedings/paper/?q=wait262")
        choose_all(chair, "pause")
        check_page(chair, "10-pause")
        chair.press("input[type=submit].default")
        assert chair.says("1 paused.")
        chair.go("/admin/proceedings/paper/?q=wait262")
        choose_all(chair, "waive")
        chair.press("input[type=submit].default")
        assert chair.says("This field is required.")
        page.fill("#id_reason", "The publisher holds another licence.")
        check_page(chair, "10-waive")
        chair.press("input[type=submit].default")
        assert chair.says("1 waived.")

        chair.go(f"/admin/agreements/agreement/{sealed.pk}/change/")
        page.fill("#id_note", "The editor of the series knows of the new title.")
        chair.press("text=Add note")
        assert chair.says("note: The editor of the series knows of the new title.")
        assert chair.says("differs")
        assert chair.says("Asia/Tokyo")
        check_page(chair, "10-agreement")
        chair.go(f"/admin/proceedings/paper/{papers[3].pk}/change/")
        check_page(chair, "10-paper")

        chair.go(overview_path(volume))
        assert chair.says("waived")
        check_page(chair, "10-board-after")


@WIDTHS
def test_last_day_files_and_both_packages(
    reader: OpenWindow, committed: None, tmp_path: Path, width: int, scheme: str
) -> None:
    volume = ready_volume.imported()
    for paper in volume.papers.all():
        make.agreement("sealed", of=paper)
    first, *others = volume.papers.order_by("position")
    archive = tmp_path / "all.zip"
    with zipfile.ZipFile(archive, "w") as zipped:
        for paper in others:
            zipped.writestr(f"camera-ready/{paper.key}.pdf", pdf_of(paper))
        zipped.writestr("camera-ready/unknown26.pdf", pdf("Nobody’s"))
    doubtful = {"name": f"{first.key}.pdf", "mimeType": "application/pdf", "buffer": pdf("A Scan", pages=3)}
    make.editor("chair", volume)
    with reader(width=width, color_scheme=scheme, accept_downloads=True) as chair:
        page = chair.page
        log_in(chair, "chair")
        assert chair.says("no PDF")
        chair.press(".object-tools >> text=Files")
        check_page(chair, "last-files")
        page.set_input_files("#id_files", [archive])
        chair.press("text=Upload files")
        assert chair.says("2 attached")
        assert chair.says("v901 has no paper with the key unknown26")
        check_page(chair, "last-files-zip")
        page.set_input_files("#id_files", files=[doubtful])
        chair.press("text=Upload files")
        assert chair.says("check that it is this paper")
        check_page(chair, "last-files-held")
        page.check("input[name=sure]")
        chair.press("text=Attach ticked files")
        assert chair.says("1 attached")
        check_page(chair, "last-files-done")

        chair.go(overview_path(volume))
        assert chair.says("Complete:")
        check_page(chair, "last-board")
        chair.press("text=Make the packages >> nth=0")
        chair.press("text=Make both packages")
        package_builder.make_due(timezone.now)
        chair.go(f"/admin/proceedings/volume/{volume.pk}/packages/")
        check_page(chair, "last-packages")
        for name, holds in (("v901", f"v901/{first.key}.pdf"), ("v901permissions", "v901permissions/manifest.csv")):
            with page.expect_download() as coming:
                page.click(f"text=Download {name}.zip")
            coming.value.save_as(tmp_path / name)
            with zipfile.ZipFile(tmp_path / name) as zipped:
                assert zipped.testzip() is None
                assert holds in zipped.namelist()
