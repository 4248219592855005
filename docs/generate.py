"""Parts of the documentation that the code itself knows: its commands, its settings and its modules.

`conf.py` calls `write` before each build. Nothing here is copied by hand, so it cannot become untrue.
"""

import argparse
import ast
import os
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
APPS = {"proceedings": "Volumes, papers and files", "agreements": "Agreements, emails and packages"}
"""Our own apps, in the order of the page, with the headings of their commands."""
PLAIN = {
    "DEBUG": "1",
    "DATABASE_URL": "sqlite://",
    "EMAIL_URL": "console:",
    "DJANGO_SETTINGS_MODULE": "proceedings.settings",
}
"""Settings with which Django loads anywhere: only the help of the commands is read."""


def write(folder: Path) -> None:
    """Writes all generated parts into `folder`, and touches only those that changed."""
    folder.mkdir(exist_ok=True)
    parts = {
        "commands.md": "\n".join(commands()),
        "settings.md": "\n".join(settings((ROOT / ".env.example").read_text(encoding="utf-8"))),
        "modules.md": "\n".join(modules(ROOT)),
    }
    for name, text in parts.items():
        file = folder / name
        # Sphinx reads a page again when a file that it includes is newer.
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8")


def plain(text: str) -> str:
    """`text` as Markdown that shows it letter by letter; what stands between backticks stays code."""
    parts = re.split(r"(`[^`]*`)", " ".join(text.split()))
    return "".join(part if part.startswith("`") else re.sub(r"([\\*_<>\[\]|$#~])", r"\\\1", part) for part in parts)


# --- commands


def commands() -> Iterator[str]:
    """The help of every command of our apps, as Markdown. Needs no database."""
    # ruff: noqa: PLC0415 - Django has to be set up before anything of it is imported
    for name, value in PLAIN.items():
        os.environ.setdefault(name, value)
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    import django

    django.setup()
    from django.core.management import get_commands, load_command_class
    from django.core.management.base import BaseCommand

    base = {action.dest for action in BaseCommand().create_parser("manage.py", "x")._actions}  # noqa: SLF001
    found = {name: app for name, app in get_commands().items() if app in APPS}
    for app, heading in APPS.items():
        yield f"## {heading}\n"
        for name in sorted(one for one, its_app in found.items() if its_app == app):
            command = load_command_class(app, name)
            # An alias is an old name that still works. A command of Django's that ours extends is explained by Django.
            if getattr(command, "hidden_alias", False) or BaseCommand not in type(command).__bases__:
                continue
            parser = command.create_parser("manage.py", name)
            own = [action for action in parser._actions if action.dest not in base]  # noqa: SLF001
            yield from command_help(name, command.help, own)


def command_help(name: str, help_text: str, actions: list[argparse.Action]) -> Iterator[str]:
    """One command: what it does, how it is called, what its arguments mean."""
    yield f"### {name}\n"
    yield f"{plain(help_text)}\n"
    arguments = [usage_of(one) if one.required else f"[{usage_of(one)}]" for one in actions]
    usage = " ".join(["manage.py", name, *arguments])
    yield f"```text\n{usage}\n```\n"
    explained = [one for one in actions if meaning_of(one)]
    if explained:
        yield "| argument | meaning |\n|---|---|"
        yield from (f"| `{in_cell(usage_of(one))}` | {meaning_of(one)} |" for one in explained)
        yield ""


def usage_of(action: argparse.Action) -> str:
    """Such as ``--deadline DAY`` or ``volume``."""
    choices = "{" + ",".join(map(str, action.choices)) + "}" if action.choices else ""
    metavar = action.metavar if isinstance(action.metavar, str) else ""
    value = metavar or choices or action.dest.upper()
    if not action.option_strings:
        return metavar or choices or action.dest
    return action.option_strings[-1] if action.nargs == 0 else f"{action.option_strings[-1]} {value}"


def in_cell(code: str) -> str:
    """`code` where a bar would end the cell of a table."""
    return code.replace("|", r"\|")


def sentence(text: str) -> str:
    """`text` with a full stop, where it has none."""
    return text if text.endswith((".", "!", "?")) else f"{text}."


def meaning_of(action: argparse.Action) -> str:
    words = sentence(plain(action.help % vars(action))) if action.help else ""
    words = words[:1].upper() + words[1:]
    if action.default in (None, False, "", argparse.SUPPRESS) or str(action.default) in words:
        return words
    return f"{words} Default: `{action.default}`.".strip()


# --- modules


def modules(root: Path) -> Iterator[str]:
    """Every module of our apps with the first sentence of its docstring, package by package."""
    for app in sorted(APPS):
        for package in sorted({file.parent for file in (root / app).rglob("*.py")}):
            lines = [f"| `{file.name}` | {plain(words)} |" for file, words in described(package)]
            if lines:
                yield f"## {package.relative_to(root).as_posix()}\n"
                yield "| module | what it is |\n|---|---|"
                yield from lines
                yield ""


def described(package: Path) -> Iterator[tuple[Path, str]]:
    """The modules of a package that say what they are; commands and migrations have pages and names of their own."""
    if package.name in ("commands", "migrations"):
        return
    for file in sorted(package.glob("*.py")):
        words = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
        if words:
            yield file, words.split("\n\n")[0]


# --- settings


@dataclass(frozen=True, slots=True)
class Setting:
    """One or several variables that share an explanation."""

    names: tuple[str, ...]
    values: tuple[str, ...]
    meaning: str


def settings(text: str) -> Iterator[str]:
    """`.env.example` as Markdown: its sections, and in each the variables with what is said about them."""
    for heading, remark, found in sections(text):
        word = "Example" if heading.startswith("must") else "Default"
        yield f"## {heading[:1].upper()}{heading[1:]}\n"
        yield f"{plain(remark)}\n"
        for one in found:
            shown = [value for value in one.values if value]
            yield ", ".join(f"`{name}`" for name in one.names)
            yield f": {sentence(plain(one.meaning))}" + (f" {word}: `{shown[0]}`." if shown else "") + "\n"


def sections(text: str) -> Iterator[tuple[str, str, list[Setting]]]:
    """Each section's heading, its remark, and its settings. Raises ValueError where a variable has no explanation."""
    heading, remark, found = "", "", list[Setting]()
    for comment, names, values in blocks(text.splitlines()):
        if comment and comment[0].startswith("---"):
            if heading:
                yield heading, remark, found
            heading, remark, found = comment[0].strip("- "), " ".join(comment[1:]), []
        elif names and not comment:
            raise ValueError(f".env.example does not say what {names[0]} is.")
        elif names:
            found.append(Setting(tuple(names), tuple(values), " ".join(comment)))
    yield heading, remark, found


def blocks(lines: Iterable[str]) -> Iterator[tuple[list[str], list[str], list[str]]]:
    """Comments with the variables below them; a comment before an empty line stands alone."""
    comment, names, values = list[str](), list[str](), list[str]()
    for line in [*lines, ""]:
        if (names and (line.startswith("#") or not line)) or (comment and not line):
            yield comment, names, values
            comment, names, values = [], [], []
        if line.startswith("#"):
            comment.append(line.removeprefix("#").strip())
        elif line:
            name, _, value = line.partition("=")
            names.append(name)
            values.append(value)
