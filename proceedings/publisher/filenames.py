"""Checks the file names in a package against the keys of its papers. Pure.

A package is one flat folder: exactly one ``.bib``, ``<key>.pdf`` for every paper, ``<key>-supp.<ext>`` for a
supplement. Permissions are ``<key>Permission.pdf`` in another folder (notes on the workflow, 2.1).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath

from proceedings.bibtex.findings import Finding, Severity

_PERMISSION = re.compile(r"permission", re.IGNORECASE)
_PERMISSIONS_FOLDER = re.compile(r"permissions?\Z", re.IGNORECASE)
_SUPPLEMENT = re.compile(r"(?P<key>.+?)-supp\.(?P<extension>tar\.gz|[A-Za-z0-9]+)\Z")
_NEARLY_SUPPLEMENT = re.compile(
    r"(?P<key>.+?)[-_. ]?supp(?:l|lement|lementary|lemental)?(?:[-_ ]?material)?\.(?P<extension>tar\.gz|\w+)\Z",
    re.IGNORECASE,
)
ZIPPED = ("zip", "gz", "tgz", "tar.gz", "tar", "7z", "rar")
_FILMS = ("mp4", "mov", "avi", "mkv", "webm")


class Kind(StrEnum):
    """Role of a file for its paper."""

    PAPER = "paper"
    SUPPLEMENT = "supplement"


@dataclass(frozen=True, slots=True)
class FileName:
    """The parts of a file name; `extension` is without its dot, in lower case."""

    key: str
    kind: Kind
    extension: str


def read_name(name: str) -> FileName | None:
    """Splits ``smith24.pdf`` or ``smith24-supp.zip``. Returns None for any other name."""
    if found := _SUPPLEMENT.match(name):
        return FileName(found["key"], Kind.SUPPLEMENT, found["extension"].lower())
    stem, dot, extension = name.rpartition(".")
    if dot and stem and extension.lower() == "pdf":
        return FileName(stem, Kind.PAPER, "pdf")
    return None


def check_names(names: Sequence[str], keys: Sequence[str]) -> Iterator[Finding]:
    """Returns findings about the files `names`, relative to the package's folder with ``/``, of the papers `keys`."""
    yield from _bibliographies(names)
    top = {name for name in names if "/" not in name}
    near = {name.rpartition("/")[2].lower(): name for name in names}
    for key in dict.fromkeys(keys):
        wanted = f"{key}.pdf"
        if wanted not in top:
            yield _missing("missing-file", key, wanted, near.get(wanted.lower(), ""))
    known = set(keys)
    for name in sorted(names):
        yield from _file(name, known)


def is_bibliography(name: str) -> bool:
    """Whether the publisher reads this file: a .bib file that is no cleaned copy of another."""
    return name.endswith(".bib") and not name.endswith(("_clean.bib", "_cleaned.bib"))


def _bibliographies(names: Sequence[str]) -> Iterator[Finding]:
    found = [name for name in names if "/" not in name and is_bibliography(name)]
    if not found:
        yield Finding(rule="one-bib", message="the package has no .bib file: add exactly one")
    for name in found[1:]:
        message = f"a second .bib file beside {found[0]}: the publisher reads only the first one, so keep one"
        yield Finding(rule="one-bib", message=message, file=name)


def _file(name: str, keys: set[str]) -> Iterator[Finding]:
    path = PurePosixPath(name)
    if not name.isascii():
        yield _finding(name, "file-name", "the name contains non-ASCII characters", fix=ascii(path.name)[1:-1])
    folders = path.parts[:-1]
    if _PERMISSION.search(path.name) or any(_PERMISSIONS_FOLDER.search(folder) for folder in folders):
        message = "a permission in the public package would be published: move it to the permissions package"
        yield _finding(name, "permission-mixed", message, fix="move it to vNNpermissions/")
    elif folders and folders[0] != "assets":
        yield from _stranded(name, path)
    elif not folders:
        yield from _beside(name, keys)


def _stranded(name: str, path: PurePosixPath) -> Iterator[Finding]:
    """2.4, points 3 and 4: the publisher ignores papers and supplements in a subfolder."""
    if path.suffix.lower() == ".pdf" or _NEARLY_SUPPLEMENT.match(path.name):
        message = f"is in the folder {path.parent}: the package must have no folders"
        yield _finding(name, "stranded", message, fix=f"move it to {path.name}")
    elif path.suffix == ".bib":
        yield _finding(
            name,
            "one-bib",
            f"a .bib file in the folder {path.parent}: the publisher does not read it",
            Severity.WARNING,
        )


def _beside(name: str, keys: set[str]) -> Iterator[Finding]:
    found = read_name(name)
    if found and found.key in keys:
        if found.kind is Kind.SUPPLEMENT:
            yield from _supplement(name, found)
        return
    nearly = _NEARLY_SUPPLEMENT.match(name)
    if nearly and nearly["key"] in keys:
        fix = f"{nearly['key']}-supp.{nearly['extension'].lower()}"
        yield _finding(name, "supplement-name", "a supplement must be named <key>-supp.<ext>", fix=fix)
    elif found:
        near = next((key for key in keys if key.lower() == found.key.lower()), "")
        fix = f"rename it to {near}{name[len(found.key) :]}" if near else ""
        yield _finding(name, "extra-file", "does not belong to a paper of the .bib file", Severity.WARNING, fix=fix)


def _supplement(name: str, found: FileName) -> Iterator[Finding]:
    if found.extension in ZIPPED and found.extension not in ("zip", "tar.gz"):
        yield _finding(
            name, "supplement-kind", "the publisher accepts .pdf, .zip and .tar.gz only", fix=f"{found.key}-supp.zip"
        )
    elif found.extension in ("zip", "tar.gz"):
        message = "a zipped supplement: the publisher's specification forbids it, but its check accepts it"
        yield _finding(name, "supplement-zipped", message, Severity.WARNING)
    elif found.extension in _FILMS:
        message = "a video must be an address in the field 'video', not a file"
        yield _finding(name, "supplement-kind", message, Severity.WARNING)


def check_permission_names(names: Sequence[str], keys: Sequence[str]) -> Iterator[Finding]:
    """Returns the findings about a folder of permissions: exactly one ``<key>Permission.pdf`` for every paper (AC6)."""
    near = {re.sub(r"[-_ ]", "", name).lower(): name for name in names}
    wanted_names = {f"{key}Permission.pdf": key for key in keys}
    there = set(names)
    for wanted, key in wanted_names.items():
        if wanted not in there:
            yield _missing("missing-permission", key, wanted, near.get(re.sub(r"[-_ ]", "", wanted).lower(), ""))
    for name in sorted(names):
        if "/" not in name and name.lower().endswith(".pdf") and name not in wanted_names:
            yield _finding(name, "extra-file", "is not the permission of a paper in the .bib file", Severity.WARNING)


def _missing(rule: str, key: str, wanted: str, near: str) -> Finding:
    message = f"has no {wanted}" + (f"; there is {near}" if near else "")
    fix = f"rename {near} to {wanted}" if near else wanted
    return Finding(rule=rule, message=message, paper=key, field="file", fix=fix)


def _finding(name: str, rule: str, message: str, severity: Severity = Severity.ERROR, fix: str = "") -> Finding:
    return Finding(rule=rule, message=message, severity=severity, file=name, field="file", fix=fix)
