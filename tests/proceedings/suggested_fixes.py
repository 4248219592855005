"""Writes the suggested fixes of ``check_volume`` into a file, as an editor would."""

import re

from proceedings.bibtex.findings import Finding

FIELD = re.compile(r"\s*[A-Za-z_]+\s*=")
NAMED = re.compile(r"name \d+, '(.+?)'[ ,:]")

PATTERNS = {
    "control": ("[\x00-\x08\x0e-\x1f\x7f-\x9f]", ""),
    "percent": (r"(?<!\\)%", r"\\%"),
    "padding": (r"(\{)\s+|\s+(?=\},?\s*$)", r"\1"),
}


def apply(text: str, findings: list[Finding]) -> str:
    """Applies the suggested fixes of `findings` to `text`, from the last line to the first."""
    lines = text.split("\n")
    for one in sorted(findings, key=lambda finding: finding.line or 0, reverse=True):
        if one.fix and one.line:
            start = one.line - 1
            end = next((at for at in range(start + 1, len(lines)) if ends(lines[at])), len(lines))
            lines[start:end] = repaired("\n".join(lines[start:end]), one).split("\n")
    return "\n".join(lines)


def ends(line: str) -> bool:
    """Whether another field or entry begins, or this one ends."""
    return bool(FIELD.match(line)) or line.startswith(("@", "}"))


def repaired(field: str, one: Finding) -> str:
    """Applies a finding's fix to one field, or to the head of an entry."""
    match one.rule:
        case "braces":
            return re.sub(r"volume\s*=\s*\"?\d+\"?", lambda _: one.fix, field)
        case "double-backslash":
            return field.replace("\\\\", "\\")  # matrix rows end like this, but no finding about them has a fix
        case "escapes" | "unicode" | "ligature":
            return swapped(field, one.fix)
        case "wrap-hyphen":
            old, _, new = one.fix.partition(" -> ")
            return re.sub(re.escape(old).replace(r"\ ", r"\s+"), lambda _: new, field, count=1)
        case "title-words":
            return re.sub(r"\A\s*\w+\s*=\s*\{.*\},?", lambda _: f"  {one.fix},", field, flags=re.DOTALL)
        case "control" | "percent" | "padding":
            return re.sub(*PATTERNS[one.rule], field)
        case "key":
            return re.sub(r"(@\w+\{)[^,]*", lambda head: head[1] + one.fix.split(",")[0], field)
        case "names" if found := NAMED.search(one.message):
            return re.sub(
                re.escape(found[1]).replace(r"\ ", r"\s+"), lambda _: one.fix.removesuffix(" (likely)"), field
            )
    return field


def swapped(field: str, fix: str) -> str:
    """Applies ``\\{ -> \\lbrace, – -> --`` to a field; a macro gets a blank before a letter."""
    for pair in fix.split(", "):
        old, _, new = pair.partition(" -> ")
        if new == "remove it":
            field = field.replace(chr(int(old.removeprefix("U+"), base=16)), "")
        elif new and new[-1].isalpha() and new.startswith("\\"):
            field = re.sub(re.escape(old) + r"(?=[A-Za-z])", new.replace("\\", r"\\") + " ", field).replace(old, new)
        else:
            field = field.replace(old, new)
    return field


def closed(text: str) -> str:
    """Moves the brace that closes an entry to a line of its own."""
    return re.sub(r"\}\s*\}[ \t]*(?=\n\s*@|\s*\Z)", "}\n}", text)
