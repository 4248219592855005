"""``manage.py import_volume`` as an editor uses it, on the samples of the demo."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from proceedings.models import Author, Paper, Volume
from tests.proceedings.bib_files import VOLUME, paper

pytestmark = pytest.mark.django_db
SAMPLES = Path(__file__).parents[3] / "proceedings" / "samples"


def run(*arguments: object) -> str:
    out = StringIO()
    call_command("import_volume", *map(str, arguments), stdout=out, no_color=True)
    return out.getvalue()


def test_without_apply_the_plan_is_printed_and_nothing_is_changed() -> None:
    shown = run(SAMPLES / "five.bib", "--contacts", SAMPLES / "five-contacts.csv")

    assert "Volume 9001: The Sample Conference on Machine Learning Systems" in shown
    assert "papers    5 in the file: 5 new, 0 changed, 0 unchanged, 0 rejected" in shown
    assert "contacts  4 in the table: 4 to set, 0 unchanged, 0 rejected" in shown
    assert "lewis21a narayanan21a li21y mohtashami22a wan25" in shown
    assert "no agreement can be issued (1)\n  wan25" in shown
    assert "Nothing was changed. Add --apply" in shown
    assert not Volume.objects.exists()


def test_the_five_papers_arrive_with_their_contacts() -> None:
    run(SAMPLES / "five.bib", "--contacts", SAMPLES / "five-contacts.csv", "--apply")

    rows = Author.objects.filter(is_corresponding=True).order_by("paper__position")
    assert [(row.paper.key, str(row), row.email) for row in rows.select_related("paper")] == [
        ("lewis21a", "Mike Lewis", "mike.lewis@author.example"),
        ("narayanan21a", "Deepak Narayanan", "deepak.narayanan@author.example"),
        ("li21y", "Zhuohan Li", "zhuohan.li@author.example"),
        ("mohtashami22a", "Amirkeivan Mohtashami", "amirkeivan.mohtashami@author.example"),
    ]
    assert Paper.objects.get(key="wan25").title == (
        "PipeOffload: Improving Scalability of Pipeline Parallelism with Memory Optimization"
    )


def test_the_real_volume_of_the_demo_arrives_and_stays_the_same() -> None:
    files = (SAMPLES / "colt2024.bib", "--contacts", SAMPLES / "colt2024-contacts.csv", "--apply")

    first, second = run(*files), run(*files)

    assert "170 in the file: 170 new, 0 changed, 0 unchanged, 0 rejected" in first
    assert "165 in the table: 165 to set, 0 unchanged, 0 rejected" in first
    assert "170 in the file: 0 new, 0 changed, 170 unchanged, 0 rejected" in second
    assert "165 in the table: 0 to set, 165 unchanged, 0 rejected" in second
    assert first.rstrip().endswith("Applied.")
    assert second.rstrip().endswith("Nothing to change.")


def test_rejected_entries_fail_the_command_but_the_rest_is_applied(tmp_path: Path) -> None:
    file = tmp_path / "v.bib"
    file.write_text(f"{VOLUME}\n{paper('good25')}\n{paper('bad25', author='')}", encoding="utf-8")
    out = StringIO()

    with pytest.raises(CommandError) as caught:
        call_command("import_volume", file, "--apply", stdout=out, no_color=True)

    assert caught.value.returncode == 1
    assert f"{file}:24: bad25, author: the paper has no authors" in out.getvalue()
    assert "2 in the file: 1 new, 0 changed, 0 unchanged, 1 rejected" in out.getvalue()
    assert list(Paper.objects.values_list("key", flat=True)) == ["good25"]


def test_differences_and_gone_papers_are_shown(tmp_path: Path) -> None:
    old, new = tmp_path / "old.bib", tmp_path / "new.bib"
    old.write_text(f"{VOLUME}\n{paper('a25')}\n{paper('b25')}", encoding="utf-8")
    new.write_text(f"{VOLUME.replace('Norway', 'Norge')}\n{paper('a25', 'Other')}", encoding="utf-8")
    run(old, "--apply")

    shown = run(new)

    assert 'address: "Trondheim, Norway" -> "Trondheim, Norge"' in shown
    assert '  a25\n    title: "A Title" -> "Other"' in shown
    assert "Gone from the file (1)\n  b25" in shown


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "Cannot read"), (b"\xff\xfea\x00", "has no readable volume"), (b"nothing here", "has no readable volume")],
)
def test_a_file_that_holds_no_volume_fails_with_a_reason(tmp_path: Path, content: bytes | None, message: str) -> None:
    file = tmp_path / "v.bib"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(CommandError, match=message):
        run(file, "--apply")


def test_a_second_file_that_cannot_be_read_stops_the_import(tmp_path: Path) -> None:
    contacts = tmp_path / "c.csv"
    contacts.write_bytes("paper,email,name\nlewis21a,m@a.example,Mikaël\n".encode("latin-1"))

    with pytest.raises(CommandError) as caught:
        run(SAMPLES / "five.bib", "--contacts", contacts, "--apply")

    message = str(caught.value)
    assert "c.csv is not in UTF-8. These lines differ:" in message
    assert "  line 2, windows-1252: lewis21a,m@a.example,Mikaël" in message
    assert "Add --encoding with the encoding that reads right" in message
    assert not Paper.objects.exists()


def test_the_encoding_that_a_person_chose_is_used_for_lines_that_are_not_utf_8(tmp_path: Path) -> None:
    file = tmp_path / "v.bib"
    mixed = VOLUME.encode() + paper("a25", "Naïve").encode("cp1252") + paper("b25", "Größe").encode()
    file.write_bytes(mixed)

    run(file, "--encoding", "windows-1252", "--apply")

    assert list(Paper.objects.values_list("title", flat=True)) == ["Naïve", "Größe"]


@pytest.mark.parametrize(
    ("option", "title", "heading"),
    [
        ((), "Ours", "Needs a decision: add --keep or --take (2)"),
        (("--keep",), "Ours", "Changed here and in the file; kept (2)"),
        (("--take",), "Theirs", "Changed (1)"),
    ],
)
def test_what_changed_in_both_is_kept_or_taken_as_said(
    tmp_path: Path, option: tuple[str, ...], title: str, heading: str
) -> None:
    old, new = tmp_path / "old.bib", tmp_path / "new.bib"
    old.write_text(f"{VOLUME}\n{paper('a25')}", encoding="utf-8")
    new.write_text(f"{VOLUME}\n{paper('a25', 'Theirs')}", encoding="utf-8")
    run(old, "--apply")
    Paper.objects.update(title="Ours", title_latex="Ours", pages="3--4")
    Volume.objects.update(address="Oslo", shortname="OURS")
    new.write_text(new.read_text(encoding="utf-8").replace("{TEST},", "{THEIRS},"), encoding="utf-8")

    shown = run(new, *option, "--apply")

    assert Paper.objects.get().title == title
    assert heading in shown
    assert 'title: last import "A Title", here "Ours", file "Theirs"' in shown or option == ("--take",)
    assert "Corrected here; the file has not changed (2)" in shown
    assert Volume.objects.get().address == "Oslo"
