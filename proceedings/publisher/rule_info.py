"""What each rule is called for people, why it matters, and which check of the publisher rejects it. Pure."""

from dataclasses import dataclass

from proceedings.bibtex.findings import Finding, Severity


@dataclass(frozen=True, slots=True)
class RuleInfo:
    """A rule for people. `numbers` are the publisher's checks of October 2026 that fail on an error of this rule."""

    title: str
    why: str
    numbers: str = ""


_IN_FILE = "Its pages and citations show this text."
INFO = {
    "required": RuleInfo("Field missing or empty", "The publisher needs it for its pages.", "C1"),
    "key": RuleInfo("Unusual BibTeX key", "The key names the paper’s files and its address.", "C10"),
    "duplicate-key": RuleInfo("Key used twice", "Two papers would have the same files."),
    "names": RuleInfo("Name of an author or editor", "Each name is family name, comma, given names.", "T2, C6"),
    "unmapped": RuleInfo("Character without a LaTeX form", "The file is pure ASCII, so this cannot be written."),
    "braces": RuleInfo("Braces that do not balance", "The publisher reads past the end of the field.", "T3"),
    "double-backslash": RuleInfo("Double backslash", "The publisher rejects it on any line.", "T4, C7"),
    "escapes": RuleInfo("Escaped sign in title or abstract", "The publisher’s page would show the backslash.", "C8"),
    "latex": RuleInfo("Macro that nobody knows", "The publisher’s page would show it as it is."),
    "textbackslash": RuleInfo("Printed backslash", "Usually a program has escaped a macro.", "C9"),
    "mathematics": RuleInfo("Dollar sign without a partner", "The rest of the text would become mathematics."),
    "percent": RuleInfo("Plain percent sign", "It hides the rest of the line from LaTeX.", "T1"),
    "ampersand": RuleInfo("Plain ampersand", "LaTeX reads it as a column of a table."),
    "color": RuleInfo("Colour macro", "The publisher’s page shows no colours."),
    "pages": RuleInfo("Page numbers overlap, or leave a gap", "Number the pages by the PDFs."),
    "page-braces": RuleInfo("Page numbers in double braces", "The publisher cannot read them.", "C12"),
    "dates": RuleInfo("Date", "Dates are written YYYY-MM-DD.", "C2"),
    "shortname": RuleInfo("Year in the short name", "The publisher adds the year."),
    "sections": RuleInfo(
        "Section not as declared",
        "Each paper needs a declared section, letter by letter, and each section a paper; or nobody has one.",
        "C3",
    ),
    "links": RuleInfo("Link that is not one address", "The publisher makes one link of it."),
    "dropped": RuleInfo("Field that the publisher drops", "Fields whose names begin with opt are left out."),
    "title-words": RuleInfo(
        "Names and acronyms in titles", "The publisher writes titles in small letters, except what is in braces.", "C16"
    ),
    "capitals": RuleInfo(
        "Capitals in titles without braces",
        "The publisher may write these words in small letters. Braces keep the capitals; nobody sees them.",
    ),
    "wrap-hyphen": RuleInfo(
        "Hyphen left from a line break", "A word was cut at the end of a line and copied with its hyphen.", "C15"
    ),
    "control": RuleInfo("Control character", "It is invisible, and the publisher rejects it.", "C13"),
    "ligature": RuleInfo("Ligature character", "Two letters were copied as one sign.", "C14"),
    "padding": RuleInfo("Blanks at the ends of a value", _IN_FILE),
    "page-count": RuleInfo("PDF and page numbers differ", "Number the pages by the PDFs, or replace the PDF."),
    "missing-file": RuleInfo("PDF missing", "Every paper needs its PDF.", "C5"),
    "pdf": RuleInfo("PDF cannot be used", "It is damaged, encrypted or not the paper."),
    "first-page": RuleInfo("First page without text", "Look whether it is the paper."),
    "pdf-title": RuleInfo("PDF may belong to another paper", "Its first page lacks most words of the title."),
    "pdf-authors": RuleInfo("An author of the record is not on the PDF", "Compare the first page with the record."),
    "pdf-metadata": RuleInfo("PDF with another title inside", "Readers’ programs show this title."),
    "duplicate-file": RuleInfo("Two papers with the same file", "One of them is wrong."),
}
"""By rule: those that a volume in the database can have, in the order in which they are shown."""

_LEAVABLE_ERRORS = frozenset({"page-count", "duplicate-file", "duplicate-key"})
_STATED_ERRORS = frozenset({"wrap-hyphen", "names", "escapes", "sections"})


def describe_rule(rule: str) -> RuleInfo:
    """Returns the texts for `rule`."""
    return INFO.get(rule) or RuleInfo(rule, "")


def is_rejected(finding: Finding) -> bool:
    """Whether the publisher's own check fails on this finding."""
    return finding.severity is Severity.ERROR and bool(describe_rule(finding.rule).numbers)


def may_be_left(finding: Finding) -> bool:
    """Whether an editor may leave it as it is: a warning, a mismatch that only an editor can judge, or a spelling.

    A spelling that the publisher rejects stays an error, with the editor's reason.
    """
    if finding.severity is Severity.ERROR:
        return finding.rule in _LEAVABLE_ERRORS | _STATED_ERRORS
    return finding.severity is Severity.WARNING
