"""After the signature, in a browser: an edit is verified, the authors are told, a correction is asked for and made."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from agreements.mail import compose
from agreements.models import Agreement, Message
from proceedings.models import Volume
from tests import make
from tests.stories.test_browser_admin import log_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

OpenWindow = Callable[..., Any]


@pytest.fixture
def sealed(committed: None) -> Agreement:
    agreement = make.agreement("sealed", of=make.paper(make.volume()), now=timezone.now() - timedelta(days=3))
    Volume.objects.update(editor_names=["Agrawal, Shipra", "Roth, Aaron"])
    return agreement


def path_in(kind: str) -> str:
    """Where the button of the newest mail of that kind leads."""
    row = Message.objects.filter(kind=kind).latest("pk")
    body = str(compose.compose(row, timezone.now()).body)
    (path,) = set(re.findall(r"http://testserver(/sign/\w+/\S+/)", body))
    return str(path)


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_an_edit_is_verified_and_a_correction_goes_its_way(
    reader: OpenWindow, sealed: Agreement, width: int, scheme: str
) -> None:
    make.editor("ed", sealed.paper.volume)
    with reader(width=width, color_scheme=scheme) as editor, reader(width=width, color_scheme=scheme) as author:
        page = editor.page
        log_in(editor, "ed")
        # An edit of substance, and the author's word.
        editor.go(f"/admin/agreements/agreement/{sealed.pk}/change/")
        editor.press("text=Record an edit")
        editor.press("text=Record edit")
        editor.check()
        page.fill("#id_what", "Theorem 2: the constant")
        page.fill("#id_before", "c > 1")
        page.fill("#id_after", "c ≥ 1")
        page.check("#id_substantive_0")
        editor.check()
        editor.press("text=Record edit")
        assert editor.says("We ask the author by email")
        editor.check()
        author.go(path_in("edit"))
        author.check()
        author.press("text=Send my answer")
        author.check()
        author.page.check("#right-yes")
        author.press("text=Send my answer")
        assert author.says("The edit is confirmed")
        author.check()
        editor.press("text=Theorem 2: the constant")
        assert editor.says("confirmed")
        editor.check()
        # The volume is out.
        editor.go(f"/admin/proceedings/volume/{sealed.paper.volume_id}/publication/")
        editor.check()
        editor.press("text=/Email the authors/")
        assert editor.says("Open some of the addresses, then tick the box.")
        editor.check()
        page.check("#id_seen")
        editor.press("text=/Email the authors/")
        assert editor.says("We have emailed the authors of 1 paper.")
        editor.check()
        # Something is wrong in it.
        author.go(path_in("published"))
        author.check()
        author.page.check("#nature-pdf")
        author.page.fill("#description", "Equation 3 lacks a sign.")
        author.press("text=Request this correction")
        assert author.says("Correction requested")
        author.check()
        editor.go("/admin/agreements/correction/")
        editor.check()
        editor.press("text=Equation 3 lacks a sign.")
        editor.press("text=Approve >> nth=-1")
        assert editor.says("Choose the volume editor who gave permission")
        editor.check()
        page.select_option("#id_permitted_by", "Roth, Aaron")
        page.fill("#id_permitted_how", "e-mail")
        page.fill("#id_permitted_on", timezone.now().date().isoformat())
        editor.press("text=Approve >> nth=-1")
        assert editor.says("[x] PDF change")
        editor.check()
        editor.press("text=Mark as published >> nth=-1")
        assert editor.says("Correction marked as published.")
        editor.check()
