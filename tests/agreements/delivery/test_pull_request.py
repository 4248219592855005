"""`manage.py deliver --git`: the public package as one commit, by the real git, and the text of its pull request."""

import io
import os
import shutil
import subprocess
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import storages
from django.core.management import CommandError, call_command

from agreements.delivery import packages
from agreements.models import Event
from proceedings.delivery.zip_stream import stream_archive
from proceedings.files.attach import attach
from proceedings.models import Paper, Volume
from tests import make
from tests.make import NOW
from tests.proceedings.pdf_files import pdf, write_pdfs

pytestmark = pytest.mark.django_db


@pytest.fixture
def complete_volume(tmp_path: Path) -> Volume:
    """Two sealed papers with PDFs, one with a supplement."""
    volume = make.volume()
    volume.start, volume.end, volume.published = date(2026, 12, 1), date(2026, 12, 4), date(2026, 12, 20)
    volume.address, volume.editor_names, volume.conference_url = "Vienna", ["Ada Lovelace"], "https://colt.example"
    volume.save()
    for position, key in enumerate(("lewis26a", "lewis26b"), start=1):
        paper = make.paper(volume, key=key, abstract="We train.", pages=f"{position}--{position}")
        make.agreement("sealed", of=paper)
    folder = tmp_path / "files"
    write_pdfs(volume, folder)
    (folder / "lewis26a-supp.pdf").write_bytes(pdf("Proofs"))
    attach(volume, folder)
    return volume


def git(*arguments: object, folder: Path) -> str:
    quiet = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "HOME": str(folder)}
    named = {f"GIT_{who}_{what}": "them" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    command = ["git", *map(str, arguments)]
    done = subprocess.run(
        command,
        cwd=folder,
        env=quiet | named | {"PATH": os.environ["PATH"]},
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def deliver(to: Path, **options: Any) -> str:
    said = io.StringIO()
    call_command("deliver", "247", to=to, git=True, now=NOW.isoformat(), stdout=said, **options)
    return said.getvalue()


def publishers_repository(folder: Path, **files: str) -> Path:
    """A clone of the publisher's empty repository: a README, on a branch of its own."""
    folder.mkdir()
    git("init", "-q", "-b", "gh-pages", folder=folder)
    for name, text in ({"README.md": "# v247\n", ".gitattributes": "* text eol=crlf\n"} | files).items():
        (folder / name).write_text(text)
    git("add", "-A", folder=folder)
    git("commit", "-q", "-m", "Begin", folder=folder)
    return folder


def zipped(volume: Volume) -> dict[str, bytes]:
    delivery = packages.prepare_delivery(volume, NOW.date())
    with zipfile.ZipFile(io.BytesIO(b"".join(stream_archive(packages.public_files(delivery))))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def tree(repository: Path, at: str = "HEAD") -> dict[str, bytes]:
    names = git("ls-tree", "-r", "--name-only", at, folder=repository).splitlines()
    return {
        name: subprocess.run(["git", "show", f"{at}:{name}"], cwd=repository, check=True, capture_output=True).stdout
        for name in names
    }


def test_a_new_repository_has_the_package_byte_for_byte(complete_volume: Volume, tmp_path: Path) -> None:
    said = deliver(tmp_path / "out", author="Ann Lee <ann@example.org>")
    repository = tmp_path / "out" / "v247-pull-request" / "v247.git"
    clone = tmp_path / "clone"
    git("clone", "-q", repository, clone, folder=tmp_path)
    git("fsck", "--strict", folder=clone)
    assert tree(clone) == zipped(complete_volume)
    assert git("log", "--format=%an <%ae> %at %cn %ct %s", folder=clone) == (
        f"Ann Lee <ann@example.org> {int(NOW.timestamp())} Ann Lee {int(NOW.timestamp())} "
        f"Add the papers of volume 247, {complete_volume.name}"
    )
    assert git("branch", "--show-current", folder=clone) == "v247-papers"
    assert f"{git('rev-parse', 'HEAD', folder=clone)[:12]} on the branch v247-papers" in said
    assert Event.objects.filter(kind="deliver", agreement__paper__volume=complete_volume).count() == 2


def test_the_same_delivery_makes_the_same_commit(complete_volume: Volume, tmp_path: Path) -> None:
    names = set()
    for folder in ("one", "two"):
        deliver(tmp_path / folder)
        names.add(git("rev-parse", "HEAD", folder=tmp_path / folder / "v247-pull-request" / "v247.git"))
    assert len(names) == 1


@pytest.mark.parametrize("bundled", [False, True])
def test_the_commit_follows_what_the_publisher_has(complete_volume: Volume, tmp_path: Path, bundled: bool) -> None:
    theirs = publishers_repository(tmp_path / "theirs")
    before = git("rev-parse", "HEAD", folder=theirs)
    if bundled:
        git("bundle", "create", "-q", tmp_path / "theirs.bundle", "HEAD", "gh-pages", folder=theirs)
    onto = tmp_path / "theirs.bundle" if bundled else theirs
    deliver(tmp_path / "out", onto=onto, branch="add-papers")
    repository = tmp_path / "out" / "v247-pull-request" / "v247.git"
    assert git("rev-parse", "HEAD^", folder=repository) == before
    assert git("symbolic-ref", "--short", "HEAD", folder=repository) == "add-papers"
    assert git("remote", folder=repository) == ""
    assert git("diff", "--name-status", "gh-pages", "add-papers", folder=repository).count("D\t") == 0
    files = tree(repository)
    assert files.pop("README.md") == b"# v247\n"
    assert files.pop(".gitattributes")
    assert files == zipped(complete_volume)
    git("push", "-q", theirs, "add-papers", folder=repository)
    assert git("rev-parse", "add-papers", folder=theirs) == git("rev-parse", "HEAD", folder=repository)


def test_a_repository_without_a_commit_is_as_good_as_a_new_one(complete_volume: Volume, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    git("init", "-q", theirs, folder=tmp_path)
    deliver(tmp_path / "out", onto=theirs)
    assert tree(tmp_path / "out" / "v247-pull-request" / "v247.git") == zipped(complete_volume)


def test_hooks_and_settings_of_the_user_are_not_read(
    complete_volume: Volume, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, template = tmp_path / "home", tmp_path / "template" / "hooks"
    home.mkdir()
    template.mkdir(parents=True)
    for name in ("post-checkout", "reference-transaction", "pre-commit"):
        hook = template / name
        hook.write_text(f"#!/bin/sh\ntouch {tmp_path / 'hooked'}\n")
        hook.chmod(0o755)
    config = f"[init]\ntemplateDir = {template.parent}\n[core]\nhooksPath = {template}\nautocrlf = true\n"
    (home / ".gitconfig").write_text(config + "[user]\nname = Somebody Else\nemail = else@example.org\n")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Somebody Else")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))
    deliver(tmp_path / "out", onto=None)
    repository = tmp_path / "out" / "v247-pull-request" / "v247.git"
    monkeypatch.delenv("GIT_DIR")
    assert "Somebody" not in git("log", "--format=%an %cn", folder=repository)
    assert not (tmp_path / "hooked").exists()
    assert tree(repository) == zipped(complete_volume)


def test_the_text_is_ticked_where_the_records_show_it(complete_volume: Volume, tmp_path: Path) -> None:
    Paper.objects.filter(key="lewis26b").update(abstract="", extra={"video": "https://video.example/1"})
    deliver(tmp_path)
    text = (tmp_path / "v247-pull-request" / "PULL_REQUEST.md").read_text()
    assert "2 papers: 1 BibTeX file, 2 PDFs and 1 supplements." in text
    for line in (
        "- [x] One `@Proceedings` entry with all fields",
        "- [ ] Every paper has `title`, `author`, `pages` and `abstract` (to check: missing for lewis26b)",
        "- [x] Keys are family name and year, such as `smith24`",
        "- [x] LaTeX instead of Unicode",
        "- [x] Mathematics stands between `$`",
        "- [x] Files are named `<key>.pdf`",
        "- [x] Supplements are named `<key>-supp.*`: 1 on record",
        "- [ ] `software` is a field with one address: 0 papers (to check: none on record)",
        "- [x] `video` is a field with one address: 1 papers",
        "- [x] Every PDF opens",
        "- [x] Permission is collected for every paper: 2 signed",
        "- [x] Permissions are named `<key>Permission.pdf`",
        "- [ ] Permissions were given to the series editor separately, not in this repository (to check: done by you)",
    ):
        assert line in text.splitlines(), line
    for name in zipped(complete_volume):
        assert f"- `{name}` " in text
    assert not (tmp_path / "v247-pull-request" / "v247.git" / "PULL_REQUEST.md").exists()


def test_what_is_wrong_is_said_before_anything_is_written(
    complete_volume: Volume, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    to = tmp_path / "out"
    theirs = publishers_repository(tmp_path / "theirs", **{"v246.bib": "", "smith25.pdf": ""})
    for options, said in (
        ({"branch": "two words"}, "'two words' is not the name of a branch"),
        ({"author": "Ann Lee"}, "'Ann Lee' is not an author"),
        ({"onto": tmp_path / "nothing"}, "There is no folder or bundle"),
    ):
        with pytest.raises(CommandError, match=f"Nothing was written: {said}"):
            deliver(to, **options)
        assert not to.exists()
    with pytest.raises(CommandError, match="--branch needs --git"):
        call_command("deliver", "247", to=to, branch="papers")
    with pytest.raises(CommandError, match=r"not of this package: smith25.pdf, v246.bib"):
        deliver(to, onto=theirs)
    with pytest.raises(CommandError, match="git clone failed"):
        deliver(to, onto=Path(__file__))
    with pytest.raises(CommandError, match="already has a branch gh-pages"):
        deliver(to, onto=theirs, branch="gh-pages")
    assert sorted(path.name for path in to.iterdir()) == ["v247", "v247permissions"]
    deliver(to)
    with pytest.raises(CommandError, match=r"Nothing was written: .*exists, and may have work of yours"):
        deliver(to)
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(CommandError, match=r"Nothing was written: The program git was not found. Install git"):
        deliver(tmp_path / "other")


def test_a_stored_file_that_has_changed_leaves_no_repository(
    complete_volume: Volume, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = packages.write_delivery

    def write_then_change(what: packages.Delivery, to: Path, **options: Any) -> None:
        write(what, to, **options)
        (file,) = Paper.objects.get(key="lewis26b").files.all()
        Path(storages["private"].path(file.stored_as)).write_bytes(b"another file")

    monkeypatch.setattr(packages, "write_delivery", write_then_change)
    with pytest.raises(CommandError, match=r"not the pull request: lewis26b.pdf: the stored file was changed"):
        deliver(tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["v247", "v247permissions"]
