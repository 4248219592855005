"""The publisher's two checkers, written from their description without any of our code.

`check_volume` does what check_volume.rb is described to do, with regular expressions (2.4 of the notes on the
workflow). `pmlrpy` does what the Python tool does (2.2 and 2.5). Neither imports our code, so they can disagree with
it.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path

REQUIRED = ["name", "shortname", "year", "editor", "start", "end", "address", "volume", "published"]
PMLRPY = [*REQUIRED, "booktitle", "conference_url"]


@dataclass
class Verdict:
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def check_volume(folder: Path) -> Verdict:
    """The nine checks of check_volume.rb on a package."""
    verdict = Verdict()
    bibs = [path for path in sorted(folder.glob("*.bib")) if not path.name.endswith("_clean.bib")]
    if not bibs:
        verdict.errors.append("no .bib file")
        return verdict
    text = bibs[0].read_text(encoding="utf-8")
    verdict.errors += volume_entry(text)
    keys = re.findall(r"^@InProceedings\{([A-Za-z0-9][^,']*),", text, re.MULTILINE | re.IGNORECASE)
    check_files(folder, keys, verdict)
    for names in re.findall(r"author\s*=\s*\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}", text, re.IGNORECASE):
        verdict.errors += [f"author {name}" for name in re.split(r"\s+and\s+", names.strip()) if bad_name(name)]
    if "\\\\" in text:
        verdict.errors.append("double backslash")
    for name in ("abstract", "title"):
        for value in re.findall(rf"^\s*{name}\s*=\s*\{{(.*)\}},?\s*$", text, re.MULTILINE):
            verdict.errors += [f"{escape} in {name}" for escape in (r"\$", r"\{", r"\}", r"\_") if escape in value]
    verdict.errors += [f"key {key}" for key in keys if not key.isascii()]
    if re.search(r'=\s*"[^"]*\\"', text):
        verdict.errors.append('a quoted field with \\"')
    return verdict


def volume_entry(text: str) -> list[str]:
    """Check 1: the fields of @Proceedings, found line by line up to a brace alone in column 0."""
    block = re.search(r"^@Proceedings\{(.*?)^\}$", text, re.MULTILINE | re.DOTALL | re.IGNORECASE)
    if block is None:
        return ["no @Proceedings"]
    errors = []
    for name in REQUIRED:
        found = re.search(rf"^\s*{name}\s*=\s*(.*?),?\s*$", block[1], re.MULTILINE | re.IGNORECASE)
        if found is None or not re.fullmatch(r"\{.+\}", found[1]):
            errors.append(f"{name} missing or not in braces")
    published = re.search(r"^\s*published\s*=\s*\{(.*)\}", block[1], re.MULTILINE)
    if published and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", published[1]):
        errors.append("published is no date")
    return errors


def check_files(folder: Path, keys: list[str], verdict: Verdict) -> None:
    """Checks 2 to 4: every key has its PDF; no other files, no files in subfolders."""
    wanted = {f"{key}.pdf" for key in keys}
    there = {path.name for path in folder.glob("*.pdf") if "-supp" not in path.name}
    verdict.errors += [f"missing {name}" for name in sorted(wanted - there)]
    verdict.warnings += [f"extra {name}" for name in sorted(there - wanted)]
    for path in folder.rglob("*.pdf"):
        folders = path.relative_to(folder).parts[:-1]
        if folders and folders[0] != "assets" and not re.search(r"permissions?$", folders[-1], re.IGNORECASE):
            verdict.errors.append(f"stranded {path.name}")
    for path in folder.rglob("*-supp.*"):
        if path.parent != folder and "assets" not in path.parts:
            verdict.errors.append(f"stranded supplement {path.name}")
    supplements = [path for path in folder.glob("*-supp.*") if re.search(r"-supp\.(pdf|zip|tar\.gz)$", path.name)]
    if not supplements:
        verdict.warnings.append("no supps")


def bad_name(name: str) -> bool:
    """Check 5."""
    name = name.strip()
    if re.fullmatch(r"\{.*\}", name):
        return False
    if "," not in name:
        return True
    words = re.findall(r"[A-Za-z]+", re.sub(r"\\[a-zA-Z]+|\\.", "", name.split(",")[0]))
    return bool(words) and not any(word[0].isupper() for word in words)


def pmlrpy(text: str) -> list[str]:
    """The Python tool: fields of both kinds of entries, keys, and one address in `software`."""
    issues = []
    entries = re.findall(r"^@(\w+)\{([^,]*),\n(.*?)^\}$", text, re.MULTILINE | re.DOTALL)
    volumes = [body for kind, _, body in entries if kind.lower() == "proceedings"]
    if len(volumes) != 1:
        issues.append(f"{len(volumes)} @Proceedings")
    for body in volumes:
        issues += [f"volume: {name}" for name in PMLRPY if not fields(body).get(name)]
    seen = set()
    for kind, key, body in entries:
        if kind.lower() == "proceedings":
            continue
        values = fields(body)
        issues += [f"{key}: {name}" for name in ("title", "author", "pages", "abstract") if not values.get(name)]
        plain = unicodedata.normalize("NFKD", key.replace("ß", "ss")).encode("ascii", "ignore").decode()
        if plain != key or key in seen:
            issues.append(f"{key}: key")
        seen.add(key)
        if len(values.get("software", "").split()) > 1:
            issues.append(f"{key}: software")
        if re.search(r"(?<!\\)[%&]", values.get("abstract", "")):
            issues.append(f"{key}: unescaped")
    return issues


def fields(body: str) -> dict[str, str]:
    return dict(re.findall(r"^\s*(\w+)\s*=\s*\{(.*)\},?\s*$", body, re.MULTILINE))
