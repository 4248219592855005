"""Findings about input and volumes: where, which rule, what to do. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """Severity of a finding. Only an error rejects something. A note reports what was left out on purpose."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One message to the editor. `rule` is a short stable name; `fix` is a replacement value, if one is known.

    `person` is the name that the finding is about, as ``Last, First``, if it is about one.
    """

    rule: str
    message: str
    severity: Severity = Severity.ERROR
    file: str = ""
    line: int | None = None
    paper: str = ""
    field: str = ""
    fix: str = ""
    person: str = ""

    def __str__(self) -> str:
        """One line as compilers print it: ``file:line: paper, field: message``."""
        place = self.file + (f":{self.line}" if self.line is not None else "")
        subject = ", ".join(part for part in (self.paper, self.field) if part)
        proposal = f"; proposed: {self.fix}" if self.fix else ""
        return _printable(": ".join(part for part in (place, subject, self.message) if part) + proposal)


def _printable(text: str) -> str:
    """Escapes control characters in `text`, because findings quote foreign files and are printed to terminals."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def errors(findings: Iterable[Finding]) -> list[Finding]:
    """Returns the findings that are errors."""
    return [finding for finding in findings if finding.severity is Severity.ERROR]
