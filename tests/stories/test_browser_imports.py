"""Importing again in a browser: what changed where, a new key, what was left out."""

from collections.abc import Callable
from typing import Any

import pytest

from agreements.models import SigningSettings
from proceedings.importing.planner import apply, make_plan
from proceedings.models import Paper, Volume
from tests import make
from tests.make import NOW
from tests.proceedings.bib_files import VOLUME, bib, paper, table
from tests.stories.test_browser_admin import log_in
from tests.stories.test_browser_chair import WIDTHS, check_page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

NO_PAPER = "@InProceedings{,\n  pages = {1--10},\n  note = {Where is this from?}\n}"


def first() -> list[str]:
    return [
        paper("lewis25", "Learning to Wait for Rare Events in Long Sequences"),
        paper("li25", "Waiting to Learn", "Li, Yi"),
        paper("bhosale25", "A Third Paper", "Bhosale, Shruti"),
    ]


def second() -> list[str]:
    return [
        paper("lewis25", "Learning to Wait for Rare Events in Very Long Sequences of Events", pages="3--14"),
        paper("li25a", "Waiting to Learn", "Li, Yi"),
        paper("bhosale25", "A Third Paper, Revised", "Bhosale, Shruti and Dettmers, Tim"),
        paper("teh25", "Quite New", "Teh, Yee Whye"),
        NO_PAPER,
    ]


@WIDTHS
def test_an_editor_imports_again(reader: Callable[..., Any], committed: None, width: int, scheme: str) -> None:
    contacts = table("lewis25,mike@a.example,Mike Lewis", "bhosale25,shruti@a.example,Shruti Bhosale")
    volume = apply(make_plan(bib(*first()), contacts), now=NOW)
    SigningSettings.objects.create(volume=volume, deadline=make.DEADLINE)
    make.agreement(of=Paper.objects.get(key="bhosale25"))
    Paper.objects.filter(key="lewis25").update(title="Learning to Wait", title_latex="Learning to Wait")
    Volume.objects.filter(pk=volume.pk).update(address="Trondheim")
    make.editor("chair", volume)
    with reader(width=width, color_scheme=scheme) as chair:
        page = chair.page
        log_in(chair, "chair")
        chair.go("/admin/proceedings/volume/import/")
        text = str(bib(*second(), volume=VOLUME.replace("{TEST}", "{TRIAL}")).text)
        page.set_input_files("#id_file", files=[{"name": "v.bib", "mimeType": "text/plain", "buffer": text.encode()}])
        chair.press("input[type=submit]")
        assert chair.says("Changed in both (1)")
        assert chair.says("agreement awaiting signature")
        check_page(chair, f"6-plan-{scheme}")
        page.check("tr:has-text('Learning to Wait') input[value=keep]")
        chair.press("text=Import now")
        assert chair.says("Imported: 1 new, 2 changed, 0 unchanged, 1 rejected, 1 skipped.")
        check_page(chair, f"6-overview-{scheme}")

        chair.press("text=Correct or dismiss it")
        assert "Where is this from?" in page.input_value("textarea")
        check_page(chair, f"6-left-out-{scheme}")
        chair.press("text=Fix and take in")
        check_page(chair, f"6-left-out-again-{scheme}")
        page.fill("textarea", paper("found25", "Found", "Found, Ann"))
        chair.press("text=Fix and take in")
        assert chair.says("Imported: found25.")
        check_page(chair, f"6-left-out-done-{scheme}")
    keys = sorted(volume.papers.values_list("key", flat=True))
    assert keys == ["bhosale25", "found25", "lewis25", "li25a", "teh25"]
    assert Paper.objects.get(key="lewis25").title == "Learning to Wait"
