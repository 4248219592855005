"""Texts for people are plain, and use one term for one thing.

`WORDS` has what the glossary replaced and what to write instead. The test reads every text that people see, without
code, tags and placeholders, and names the file and the line of each hit. To keep a phrase that is right after all, make
its pattern narrower; to forbid another one, add a line.
"""

import ast
import builtins
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)

WORDS = {
    # One term for one thing
    r"desks?(?!\.example)": "admin (where editors work), or we, the server",
    r"(?<!/)mails?(?! servers?\b)": "email",
    r"mail(ed|ing)": "emailed, sent by email",
    r"e-mails?": "email",
    r"own words": "email template",
    r"(sealed|your) cop(y|ies)": "sealed PDF",
    r"(sign(ed|s|ing)?|forms?) on paper": "signed by hand, signed form",
    r"paper forms?": "signed form",
    r"fresh (one|link|copy|mail)s?": "new link",
    r"links? to sign": "signing link",
    r"hand(s|ed|ing)?(-| )overs?(?! to the (mail|publisher))": "delegate (the signer), deliver (to the publisher)",
    r"in the hands of": "earlier signers",
    r"(proposals?|proposes)": "change request, requests a change",
    r"stand-ins?": "non-author signer",
    r"last calls?": "final reminder",
    r"morning mails?": "daily digest",
    r"(to be )?looked (at|over|into)": "needs review, reviewed",
    r"look(s|ing)? (it |them |this )?over": "review",
    r"look(s|ing)? into": "open, review, check",
    r"refus(e|es|ed|ing|als?)": "reject (an editor or a check), decline (the signer)",
    r"settl(e|es|ed|ing)": "resolve",
    r"supersed(e|es|ed|ing)": "replace",
    r"under way": "awaiting signature, in progress",
    r"(still )?wait(s|ing)? for (a |your |their |its |the )?signatures?": "awaiting signature",
    r"(needs?|waits? for) a person": "needs action",
    r"boards?": "overview",
    r"speaks? against": "blocker, what is missing",
    r"cleared": "ready to deliver",
    r"flaws?": "finding",
    r"drift(s|ed)?": "mismatch",
    r"frozen|freez(e|es|ing)": "snapshot",
    r"wordings?(?! of (an )?(agreement|clause))(?<!publisher's\swording)": "agreement text",
    r"(its|no|volume[’']s) terms": "signing settings",
    r"(the|no) contacts?(?! (files?|lists?)\b)": "corresponding author",
    r"public ids?": "publisher ID",
    r"reminders? rests?": "pause",
    r"(no|wants?|asked for no) more reminders? wanted": "opted out of reminders",
    r"takes? no (e?mail)": "undeliverable address",
    r"may (or may not )?have arrived": "delivery unknown",
    r"(e?mails?|it|that) (came|comes|come) back": "bounced",
    r"held back": "held for review",
    r"sen(d|ds|t|ding) out": "issue",
    r"second step": "code",
    r"two(-| )steps?": "two-factor login",
    r"moves? for many": "bulk action",
    r"carry it out": "Import now",
    r"hold it still": "Stop refreshing",
    r"silence": "no answer",
    # Name who acts, and how
    r"clocks?": "scheduled job, server time",
    r"somebody": "someone; better, name who acts",
    r"(by itself|by themselves|of its own accord)": "automatically",
    # No metaphor
    r"(houses?|rooms?|doors?|postm[ae]n|errands?|promises?|dead|silent(ly)?)": "the plain word for what happens",
    # No quaint words
    r"shall": "should, will, must",
    r"whom": "who, or name the person",
    r"whoever": "the person who, anyone who",
    r"anew": "again",
    r"once more": "again",
    r"so many": "the number",
    r"of (its|their|his|her|your) own": "its own, a separate",
    r"(?<!here\s)(is|are) no (?!longer\b|more\b)\w+": "is not a",
}
"""Pattern, between the bounds of words and in any case -> what to write. A space stands for any white space."""

PATTERNS = {
    re.compile(r"\b(?:" + words.replace(" ", r"\s+") + r")\b", re.IGNORECASE): plain for words, plain in WORDS.items()
}

EVIDENCE = (
    "agreements/domain/statements.py",
    "agreements/domain/facts.py",
    "agreements/documents/pdf/",
    "agreements/migrations/",
    "proceedings/migrations/",
)
"""What was ticked, printed or stored stays as it was, word for word."""

GAP = "\0"
"""Stands for what a text has between its words: a placeholder, code, a tag of a template."""


class Text(NamedTuple):
    """A text that people see, with the line on which it begins."""

    path: str
    line: int
    text: str

    def hits(self) -> Iterator[str]:
        for pattern, plain in PATTERNS.items():
            for hit in pattern.finditer(self.text):
                line = self.line + self.text.count("\n", 0, hit.start())
                yield f"{self.path}:{line}: “{' '.join(hit[0].split())}”: write {plain}"


def blank(filler: str) -> Callable[[re.Match[str]], str]:
    """Replaces a match but keeps its lines, so that hits after it are found on the right one."""
    return lambda found: filler + "\n" * found[0].count("\n") + filler


# --- templates

SPOKEN = re.compile(r'\b(?:aria-label|title|placeholder|alt)="([^"<>]*)"')
TRANSLATED = re.compile(r"""\{%\s*(?:translate|trans)\s+(["'])(.*?)\1.*?%\}""")


def of_template(path: str, source: str) -> Iterator[Text]:
    """The text around the tags, with the arguments of `translate` and the attributes that are read aloud."""
    text = re.sub(r"\{%\s*comment\s*%\}.*?\{%\s*endcomment\s*%\}|\{#.*?#\}", blank(GAP), source, flags=re.DOTALL)
    text = TRANSLATED.sub(lambda found: f"{GAP}{found[2]}{GAP}", text)
    text = re.sub(r"\{%.*?%\}|\{\{.*?\}\}", blank(GAP), text, flags=re.DOTALL)
    text = re.sub(r"<(script|style)\b.*?</\1>|<!--.*?-->", blank(GAP), text, flags=re.DOTALL)
    for number, line in enumerate(text.splitlines(), start=1):
        yield from (Text(path, number, said) for said in SPOKEN.findall(line))
    yield Text(path, 1, re.sub(r"<[^>]*>", blank(""), text))


# --- Markdown


def of_markdown(path: str, source: str) -> Iterator[Text]:
    """The prose, without code, addresses and comments."""
    text = re.sub(r"^(```+|~~~+).*?^\1", blank(GAP), source, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"`[^`]*`|\]\([^)]*\)|<[^>]*>", blank(GAP), text)
    yield Text(path, 1, text)


def newest_section(changelog: str) -> str:
    """What the changelog says of the newest version; lines before it are kept empty."""
    before, newest, *_ = re.split(r"^(?=## )", changelog, flags=re.MULTILINE)
    return "\n" * before.count("\n") + newest


# --- scripts


def of_script(path: str, source: str) -> Iterator[Text]:
    """The quoted texts of more than one word, without comments."""
    for number, line in enumerate(source.splitlines(), start=1):
        code = re.sub(r"(?<!:)//.*", "", line)
        yield from (Text(path, number, said) for _, said in re.findall(r"""(["'])([^"']* [^"']*)\1""", code))


# --- Python

TRANSLATING = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy", "pgettext", "Sentence"}
SHOWING = {"message_user", "format_html", "BlockerInfo", "Preset", "Error", "Warning", "write", "step"}
"""Calls whose arguments people read: messages, checks, the output of commands, tables of labels."""
NAMES = {
    "description", "empty_label", "empty_value_display", "error_messages", "heading", "help", "help_text", "help_texts",
    "hint", "index_title", "label", "labels", "message", "short_description", "site_header", "site_title", "title",
    "verbose_name", "verbose_name_plural",
}  # fmt: skip
"""Keywords and attributes whose values people read."""
ONLY_TEXTS = (
    "agreements/documents/checklist.py",
    "agreements/documents/history.py",
    "agreements/mail/email_templates.py",
)
"""Modules of which every string with a space is for people, but for docstrings."""


def of_python(path: str, source: str) -> Iterator[Text]:
    """The strings that people read, found by where they stand."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        for shown in shown_by(node):
            yield from strings(path, shown)
    if path in ONLY_TEXTS:
        docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant | ast.JoinedStr) and id(node) not in docstrings:
                yield from (text for text in strings(path, node) if " " in text.text)


def shown_by(node: ast.AST) -> Iterator[ast.expr]:
    """The parts of a node that people read."""
    if isinstance(node, ast.Call):
        name = name_of(node.func)
        of_messages = isinstance(node.func, ast.Attribute) and name_of(node.func.value) == "messages"
        if name in TRANSLATING | SHOWING or of_messages:
            yield from node.args
        yield from (keyword.value for keyword in node.keywords if keyword.arg in NAMES)
    elif isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
        if not hasattr(builtins, name_of(node.exc.func)):  # a ValueError is for developers
            yield from node.exc.args
    elif isinstance(node, ast.ClassDef):
        yield from (assigned.value for assigned in node.body if isinstance(assigned, ast.Assign) and is_read(assigned))
        if any(name_of(base).endswith("Choices") for base in node.bases):
            values = (assigned.value for assigned in node.body if isinstance(assigned, ast.Assign))
            yield from (value.elts[-1] for value in values if isinstance(value, ast.Tuple))
    elif isinstance(node, ast.Assign) and is_read(node) and any(isinstance(at, ast.Attribute) for at in node.targets):
        yield node.value


def is_read(node: ast.Assign) -> bool:
    return any(name_of(target) in NAMES for target in node.targets)


def name_of(node: ast.expr) -> str:
    return getattr(node, "attr", "") or getattr(node, "id", "")


def strings(path: str, node: ast.AST) -> Iterator[Text]:
    """The strings of an expression, with gaps for what an f-string fills in."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield Text(path, node.lineno, re.sub(r"%\(\w+\)[sd]|<[^>]+>", GAP, node.value))
    elif isinstance(node, ast.JoinedStr):
        parts = [part.value if isinstance(part, ast.Constant) else GAP for part in node.values]
        yield Text(path, node.lineno, "".join(map(str, parts)))
    elif not isinstance(node, ast.Compare | ast.Subscript):
        for child in ast.iter_child_nodes(node):
            yield from strings(path, child)


# --- all of them


def everything() -> Iterator[Text]:
    """Every text of the project that people see."""
    readers: dict[str, Callable[[str, str], Iterator[Text]]] = {
        "templates/**/*.html": of_template,
        "templates/**/*.txt": of_template,
        "agreements/standalone/*.txt": of_template,
        "agreements/**/*.py": of_python,
        "proceedings/**/*.py": of_python,
        "static/*.js": of_script,
        "README.md": of_markdown,
        "docs/*.md": of_markdown,
    }
    for pattern, reader in readers.items():
        for file in sorted(ROOT.glob(pattern)):
            path = file.relative_to(ROOT).as_posix()
            if not path.startswith(EVIDENCE):
                yield from reader(path, file.read_text(encoding="utf-8"))
    yield from of_markdown("CHANGELOG.md", newest_section((ROOT / "CHANGELOG.md").read_text(encoding="utf-8")))


def test_texts_for_people_use_plain_words() -> None:
    hits = sorted({hit for text in everything() for hit in text.hits()})
    assert hits == [], "\n" + "\n".join(hits)


# --- the test of the test

PLANTED: list[tuple[Callable[[str, str], Iterator[Text]], str, int]] = [
    (of_template, "<h1>\n{% translate 'Ask the desk' %}</h1>", 2),
    (of_template, '<p>{{ name }}</p>\n<img alt="The desk">', 2),
    (of_template, "{% blocktranslate %}The\ndesk{% endblocktranslate %}", 2),
    (of_python, "x = 1\ny = _('At the desk')", 2),
    (of_python, "raise NotReadyError(f'{paper} is on the desk')", 1),
    (of_python, "class Form:\n    help_text = 'See the desk'", 2),
    (of_python, "name = CharField(help_text='See the desk')", 1),
    (of_python, "class State(TextChoices):\n    OPEN = 'open', 'at the desk'", 2),
    (of_python, "parser.add_argument('--to', help='the desk')", 1),
    (of_python, "messages.success(request, 'The desk knows.')", 1),
    (of_python, "self.stdout.write(f'{count} at the desk')", 1),
    (of_script, "show('Ask the desk');", 1),
    (of_markdown, "# Title\n\nThe `admin` is the\ndesk.", 4),
]


@pytest.mark.parametrize(("reader", "source", "line"), PLANTED)
def test_a_word_is_found_wherever_people_read_it(
    reader: Callable[[str, str], Iterator[Text]], source: str, line: int
) -> None:
    hits = {hit for text in reader("file", source) for hit in text.hits()}
    assert hits == {f"file:{line}: “desk”: write admin (where editors work), or we, the server"}


@pytest.mark.parametrize(
    ("reader", "source"),
    [
        (of_template, "{# the desk #}{% comment %}desk{% endcomment %}<p class='desk'>{{ desk }}{% url 'desk' %}</p>"),
        (of_python, '"""The desk."""\ndesk = {"desk": "desk"}\nraise ValueError("desk")'),
        (of_script, "const desk = form.desk; // the desk"),
        (of_markdown, "`desk`\n```\nthe desk\n```\n[admin](desk.md)"),
        (of_template, "The mail server at example.org has no longer a queue, and there is no other."),
    ],
)
def test_code_is_not_read_as_text(reader: Callable[[str, str], Iterator[Text]], source: str) -> None:
    assert [hit for text in reader("file", source) for hit in text.hits()] == []
