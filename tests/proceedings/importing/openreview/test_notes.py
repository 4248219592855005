"""Files of notes: what comes in, what is left out and why, and that the same paper is known again."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from proceedings.bibtex.findings import Severity
from proceedings.bibtex.records import VolumeRecord
from proceedings.bibtex.source import Source
from proceedings.importing.formats import Format, open_export, read_second
from proceedings.importing.mapping import map_submissions
from proceedings.importing.openreview import read_openreview, read_profiles
from proceedings.importing.submissions import Question, Submissions, UnreadableFileError
from proceedings.models import Author, Paper, Volume
from tests.proceedings.bib_files import bib, bring_in, paper

VOLUME = VolumeRecord(number=1, bib_key="X", name="X", shortname="X", booktitle="X", year=2025)
PROFILE = {
    "id": "~Ana_Cruz_Vidal1",
    "content": {
        "names": [{"first": "Ana", "last": "Cruz Vidal", "username": "~Ana_Cruz_Vidal1", "preferred": True}],
        "orcid": "https://orcid.org/0000-0002-1825-0097",
        "history": [{"start": 2020, "end": None, "institution": {"name": "Lab A"}}],
    },
}


def note(id_: str = "AbC_1-x", number: Any = 12, *, v1: Any = False, **content: Any) -> dict[str, Any]:
    fields = {
        "title": "On Balls",
        "authors": ["Yi Li", "Ana Cruz Vidal"],
        "authorids": ["yi@a.example", "~Ana_Cruz_Vidal1"],
        "abstract": "We show.",
        "venue": "X 2025 Poster",
        "venueid": "x.example/2025/Conference",
    } | content
    wrapped = fields if v1 else {name: {"value": value} for name, value in fields.items()}
    return {"id": id_, "forum": id_, "number": number, "content": wrapped}


def read(*notes: Any, **more: Any) -> Submissions:
    return read_openreview(json.dumps(list(notes)), "notes.json", **more)


def findings(found: Submissions, rule: str) -> list[str]:
    return [finding.message for finding in found.findings if finding.rule == rule]


@pytest.mark.parametrize("v1", [True, False])
def test_a_note_of_either_version_is_a_paper(v1: bool) -> None:
    found = read(note(v1=v1))
    (paper,) = found.submissions
    assert (paper.number, paper.title, paper.abstract) == ("12", "On Balls", "We show.")
    assert paper.extra == {"openreview": "AbC_1-x"}
    assert [str(person.name) for person in paper.people] == ["Yi Li", "Ana Cruz Vidal"]
    assert [(person.email, person.profile) for person in paper.people] == [
        ("yi@a.example", ""),
        ("", "~Ana_Cruz_Vidal1"),
    ]
    assert (found.rows, found.findings) == (1, ())


def test_notes_that_were_not_accepted_stay_out_with_a_reason() -> None:
    found = read(
        note("Forum1", 1),
        note("Forum2", 2, venue="Submitted to X 2025", venueid="x.example/2025/Conference/Submission"),
        note("Forum3", 3, venue="X 2025 Conference Withdrawn Submission", venueid="x/Withdrawn_Submission"),
        note("Forum4", 4, venue="", venueid=""),
    )
    assert [paper.number for paper in found.submissions] == ["1"]
    assert findings(found, "not-accepted") == [
        "skipped: its decision is 'Submitted to X 2025'",
        "skipped: its decision is 'Withdrawn_Submission'",
        "skipped: it has no decision and no venue",
    ]
    assert found.rows == 4
    assert all(finding.severity is Severity.NOTE for finding in found.findings)


def test_unclear_decisions_are_asked_once_for_each_value_and_an_answer_settles_them() -> None:
    notes = [
        note("Forum1", 1, venue="COLT 2025", venueid=""),
        note("Forum2", 2, venue="colt  2025", venueid=""),
        note("Forum3", 3, venue="Tea", venueid=""),
    ]
    found = read(*notes)
    assert found.submissions == ()
    assert found.questions == (Question("COLT 2025", 2), Question("Tea", 1))
    assert findings(found, "not-accepted")[2] == "skipped: it is not known whether 'Tea' is an acceptance"
    answered = read(*notes, answers={"colt 2025": True, "tea": False})
    assert ([paper.number for paper in answered.submissions], answered.questions) == (["1", "2"], ())
    assert findings(answered, "not-accepted") == ["skipped: its decision is 'Tea'"]


def test_decisions_inside_a_note_or_beside_it() -> None:
    pending = {"venue": "Submitted to X", "venueid": "x/Submission"}
    decision = {"content": {"decision": {"value": "Accept"}}, "invitations": ["x/Submission1/-/Decision"]}
    for where in ("directReplies", "replies"):
        assert read(note(**pending) | {"details": {where: [decision]}}).submissions
    beside = decision | {"id": "Reply1", "forum": "AbC_1-x", "replyto": "AbC_1-x"}
    found = read(beside, note(**pending))
    assert (len(found.submissions), found.rows, found.findings) == (1, 1, ())


def test_a_number_or_forum_that_appears_twice_is_said() -> None:
    found = read(note(), note(), note("Other1", 12), note("Other2", 13))
    assert [paper.number for paper in found.submissions] == ["12", "13"]
    assert len(findings(found, "duplicate")) == 2


def test_masked_addresses_are_left_out_and_said_once() -> None:
    found = read(*(note(f"Forum{n}", n, authorids=["****@a.example", "**@b.example"]) for n in range(1, 13)))
    assert {person.email for paper in found.submissions for person in paper.people} == {""}
    (message,) = findings(found, "masked-email")
    assert message.startswith("we left out the masked addresses (****@…) of 24 authors of 12 papers")
    assert ": 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 …. Export" in message


@pytest.mark.parametrize(
    ("more", "licence"),
    [
        ({"license": "CC BY-NC 4.0"}, "CC BY-NC 4.0"),
        ({"license": "CC BY 4.0"}, "CC BY 4.0"),
        ({}, ""),
    ],
)
def test_the_licence_of_a_note(more: dict[str, str], licence: str) -> None:
    assert read(note() | more).submissions[0].licence == licence
    assert read(note(**more)).submissions[0].licence == licence


def test_another_licence_is_a_finding_on_the_paper() -> None:
    file = map_submissions(read(note() | {"license": "CC BY-SA 4.0"}), VOLUME, [], "notes.json")
    (finding,) = [finding for finding in file.findings if finding.rule == "licence"]
    assert (finding.severity, finding.paper, finding.field) == (Severity.WARNING, "12", "licence")
    assert "CC BY-SA 4.0" in finding.message
    assert "CC BY 4.0" in finding.message


def test_a_wrong_orcid_of_a_profile_is_left_out_and_said() -> None:
    wrong = PROFILE | {"content": {**PROFILE["content"], "orcid": "0000-0002-1825-0098"}}  # type: ignore[dict-item]
    found = read(note(), profiles=read_profiles(json.dumps([wrong])))
    file = map_submissions(found, VOLUME, [], "notes.json")
    (finding,) = [finding for finding in file.findings if finding.rule == "orcid"]
    assert "check digit" in finding.message
    record = file.papers[0].record
    assert record
    assert [details.orcid for details in record.details] == ["", ""]


@pytest.mark.parametrize("text", ['[{"id": "~A1", "content": {}},\n{"id":', '{"profiles": []}', "[1]"])
def test_profiles_that_cannot_be_read_stop_the_import(text: str) -> None:
    with pytest.raises(UnreadableFileError, match=r"profiles.json:[12]: .* Nothing was read"):
        read_second(Source.read("profiles.json", text.encode()))


@pytest.mark.parametrize("text", ["{}", '{"count": 3}', '"notes"', "nonsense", "[[1]]", '[{"id": "x"}]', "[null]"])
def test_a_file_without_notes_says_so(text: str) -> None:
    found = read_openreview(text, "notes.json")
    assert found.submissions == ()
    assert [finding.severity for finding in found.findings] == [Severity.ERROR]


def test_json_lines_are_detected_and_read() -> None:
    text = "\n".join(json.dumps(note(f"Forum{n}", n)) for n in (1, 2))
    assert open_export(Source.read("notes.jsonl", text.encode())).kind is Format.OPENREVIEW
    found = read_openreview(text, "notes.jsonl")
    assert [(paper.number, paper.line) for paper in found.submissions] == [("1", 1), ("2", 2)]


# --- into a volume


@pytest.fixture
def volume(db: None) -> Volume:
    bring_in(bib(paper("lewis25")))
    return Volume.objects.get()


def run(folder: Path, *notes: Any, profiles: Any = None) -> None:
    file = folder / "notes.json"
    file.write_text(json.dumps({"notes": notes}), encoding="utf-8")
    more = {}
    if profiles is not None:
        more["authors"] = folder / "profiles.json"
        more["authors"].write_text(json.dumps(profiles), encoding="utf-8")
    call_command("import_volume", str(file), "--apply", volume=str(Volume.objects.get().number), **more)


def test_notes_and_profiles_become_papers_and_importing_again_changes_nothing(
    volume: Volume, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Paper.objects.all().delete()
    run(tmp_path, note() | {"license": "CC BY-NC 4.0"}, profiles=[PROFILE])
    row = Paper.objects.get()
    assert (row.extra, row.licence) == ({"openreview": "AbC_1-x"}, "CC BY-NC 4.0")
    ana = Author.objects.get(position=2)
    assert (ana.given, ana.family, ana.profile) == ("Ana", "Cruz Vidal", "~Ana_Cruz_Vidal1")
    assert (ana.orcid, ana.affiliation) == ("0000-0002-1825-0097", "Lab A")
    capsys.readouterr()
    run(tmp_path, note() | {"license": "CC BY-NC 4.0"}, profiles=[PROFILE])
    assert "Nothing to change." in capsys.readouterr().out
    run(tmp_path, note())  # a file that states no licence does not take it away
    assert Paper.objects.get().licence == "CC BY-NC 4.0"


@pytest.mark.parametrize("stored", ["AbC_1-x", "https://openreview.net/forum?id=AbC_1-x"])
def test_a_paper_with_the_same_forum_is_the_same_paper(volume: Volume, tmp_path: Path, stored: str) -> None:
    before = Paper.objects.count()
    row = Paper.objects.get()
    Paper.objects.filter(pk=row.pk).update(extra={"openreview": stored})
    run(tmp_path, note(title="Another Title", authors=["Mike Lewis"], authorids=["~Mike_Lewis1"]))
    row.refresh_from_db()
    assert (row.title, row.submission, row.extra) == ("Another Title", "12", {"openreview": stored})
    assert Paper.objects.count() == before


def test_a_file_that_is_damaged_is_rejected_in_part(volume: Volume, tmp_path: Path) -> None:
    Paper.objects.all().delete()
    file = tmp_path / "notes.json"
    file.write_text(json.dumps([note(), note("Other1", 13)])[:-20], encoding="utf-8")
    with pytest.raises(CommandError, match="Some input has errors"):
        call_command("import_volume", str(file), "--apply", volume=str(volume.number))
    assert Paper.objects.count() == 1


KEYS = [
    *("notes", "content", "value", "title", "authors", "authorids", "number", "id", "forum", "replyto", "details"),
    *(
        "directReplies",
        "replies",
        "decision",
        "venue",
        "venueid",
        "license",
        "invitation",
        "invitations",
        "ddate",
        "cdate",
    ),
]
ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["Accept", "x/Conference"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=20,
)


@given(ANYTHING, ANYTHING)
def test_no_json_breaks_the_reading(data: Any, replaced: Any) -> None:
    good = note()
    for name in list(good):
        for text in (json.dumps([good | {name: replaced}, data]), json.dumps({"notes": data})):
            map_submissions(read_openreview(text, "f.json", read_profiles(json.dumps(data))), VOLUME, [], "f.json")
            map_submissions(read_openreview(text, "f.json"), VOLUME, [], "f.json")
    for name in good["content"]:
        found = read(note(**{name: replaced}))
        file = map_submissions(found, VOLUME, [], "f.json")
        assert len(file.papers) == len(found.submissions)


@given(st.data())
def test_no_mutated_file_breaks_the_reading(data: st.DataObject) -> None:
    text = json.dumps([note(), note("Other1", 13)], indent=1)
    at = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(at, min(len(text), at + 5)))
    changed = (
        text[:at] + data.draw(st.text(max_size=3) | st.sampled_from(['"', "[", "}", "\\u", "\\ud800"])) + text[end:]
    )
    found = read_openreview(changed, "f.json")
    map_submissions(found, VOLUME, [], "f.json")
    assert len(found.submissions) + len(found.findings) >= 1
