"""The questions of an import in a real browser: complete, accessible, and answered by keyboard and mouse."""

from collections.abc import Callable
from typing import Any

import pytest

from proceedings.models import Paper, User
from tests import make
from tests.stories.test_browser_admin import log_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TABLE = "number;title;authors;decision\n1;Größe;Ann Müller;Accept\n2;Two;Bo Kim;Conditional accept\n3;Three;Cy Wu;yes\n"


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (320, "dark")])
def test_an_encoding_and_unclear_decisions_are_asked(width: int, scheme: str, reader: Callable[..., Any]) -> None:
    volume = make.volume()
    User.objects.create_superuser("boss", password="pass")
    with reader(width=width, color_scheme=scheme) as chair:
        log_in(chair, "boss")
        chair.go(f"/admin/proceedings/volume/import/?volume={volume.number}")
        table = {"name": "f.csv", "mimeType": "text/csv", "buffer": TABLE.encode("cp1252")}
        chair.page.set_input_files("#id_file", files=[table])
        chair.press("input[type=submit]")
        chair.check()
        assert chair.says("f.csv is not in UTF-8.")
        chair.press("input[type=submit]")
        chair.check()
        assert chair.says("This field is required.")
        chair.page.check("input[value=windows-1252]")
        chair.press("input[type=submit]")
        chair.check()
        assert chair.says("“Conditional accept” (1 paper)")
        chair.page.check("fieldset:has-text('Conditional accept') input[value=accepted]")
        chair.page.check("fieldset:has-text('yes') input[value='not accepted']")
        chair.press("input[type=submit]")
        chair.check()
        chair.press("text=Answer the decisions again")
        chair.check()
        chair.press("input[type=submit]")
        chair.press("input[value='Import now']")
        assert chair.says("Imported: 2 new")
    assert sorted(Paper.objects.values_list("title", flat=True)) == ["Größe", "Two"]
