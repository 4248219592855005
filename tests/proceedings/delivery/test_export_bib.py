"""``manage.py export_bib``: the .bib file as it would be delivered, whatever the agreements say."""

import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from proceedings.delivery.public_package import bibliography
from proceedings.models import Paper, Volume
from tests import publisher_check
from tests.proceedings.bib_files import bib, bring_in, paper

pytestmark = pytest.mark.django_db


@pytest.fixture
def volume() -> Volume:
    bring_in(bib(paper("lewis25", "A Gaussian Title at 5\\%"), paper("li25", author="Li, Yi", pages="11--20")))
    return Volume.objects.get()


def run(to: object) -> str:
    out = io.StringIO()
    call_command("export_bib", "901", to=str(to), stdout=out)
    return out.getvalue()


def test_the_file_is_what_the_package_would_hold(volume: Volume, tmp_path: Path) -> None:
    target = tmp_path / "v901.bib"
    assert run(target) == f"{target}: v901 with 2 papers.\n"
    assert target.read_text() == bibliography(volume, volume.papers.all())
    assert "title = {A {Gaussian} Title at 5\\%}" in target.read_text()
    assert publisher_check.lint_text(target.read_text()).errors == []
    assert [path.name for path in tmp_path.iterdir()] == ["v901.bib"]


def test_it_goes_to_standard_output_too(volume: Volume) -> None:
    assert run("-") == bibliography(volume, volume.papers.all())


def test_withdrawn_papers_are_left_out(volume: Volume) -> None:
    Paper.objects.filter(key="li25").update(status=Paper.Status.WITHDRAWN)
    assert "li25" not in run("-")


def test_what_cannot_be_written_is_named_and_the_old_file_stays(volume: Volume, tmp_path: Path) -> None:
    target = tmp_path / "v901.bib"
    target.write_text("old")
    Paper.objects.filter(key="li25").update(abstract="中")
    with pytest.raises(CommandError, match=r"li25, abstract: no LaTeX form for U\+4E2D"):
        run(target)
    assert target.read_text() == "old"


def test_a_folder_that_does_not_exist_is_named(volume: Volume, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"Cannot write .*No such file or directory"):
        run(tmp_path / "nowhere" / "v901.bib")
