"""Compares the documentation with the code: what a page names exists, and what exists is on its page."""

import ast
import importlib.util
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType, ModuleType

import pytest
from django.conf import settings
from django.core.management import get_commands, load_command_class

from proceedings.celery import app

ROOT = Path(settings.BASE_DIR)
PAGES = sorted(
    [
        *(ROOT / "docs").glob("*.md"),
        *(ROOT / "docs" / "decisions").glob("*.md"),
        *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
    ]
)
CODE = re.compile(r"`([^`\n]+)`")
FENCE = re.compile(r"^(```|:::)[^\n]*\n(.*?)^\1", re.MULTILINE | re.DOTALL)
ROOTS = ("agreements/", "proceedings/", "tests/", "docs/", "templates/", "static/", "locale/", ".ci/", ".github/")
"""First parts of paths in the repository, as pages write them."""
BUILT = "docs/_build/"
"""What `make docs` makes is not in the tree."""
PATH = re.compile(r"[\w.\-/]+")
COMMAND = re.compile(r"manage\.py ([a-z_]+)")
TARGET = re.compile(r"\bmake ([a-z-]+)")

RULES_IN = (
    *("proceedings/publisher/*.py", "proceedings/bibtex/*.py", "proceedings/delivery/volume_check.py"),
    *("proceedings/files/attach.py", "proceedings/files/uploads.py", "agreements/delivery/packages.py"),
)
"""The modules whose rules `check_volume`, the files page and the packages page report."""
READERS = {"address", "text", "flag", "number", "comma_list", "url"}
"""The methods of `env.Env` that read a variable."""

by_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())


def prose(page: Path) -> str:
    """Returns a page without its fenced blocks."""
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def code_in(page: Path) -> Iterator[str]:
    """Returns the texts between single backticks, and the lines of fenced blocks."""
    text = page.read_text(encoding="utf-8")
    yield from CODE.findall(FENCE.sub("", text))
    for _, block in FENCE.findall(text):
        yield from block.splitlines()


def paths_in(page: Path) -> Iterator[str]:
    for code in CODE.findall(prose(page)):
        if code.startswith(ROOTS) and not code.startswith(BUILT) and PATH.fullmatch(code):
            yield code


# --- paths


@by_page
def test_a_page_names_only_files_that_exist(page: Path) -> None:
    assert sorted({path for path in paths_in(page) if not (ROOT / path).exists()}) == []


@by_page
def test_a_page_shows_only_pictures_that_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    shown = re.findall(r"!\[[^\]]*\]\(([^)]+)\)|\{figure\} (\S+)", text)
    assert [name for pair in shown for name in pair if name and not (page.parent / name).exists()] == []


@by_page
def test_a_page_leads_only_to_pages_that_exist(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", prose(page))
    assert [target for target in targets if not (page.parent / target).exists()] == []


# --- commands


def own_commands() -> dict[str, bool]:
    """Returns the commands of our apps, and whether each is a deprecated alias."""
    found = {name: app for name, app in get_commands().items() if app in ("proceedings", "agreements")}
    return {name: getattr(load_command_class(app, name), "hidden_alias", False) for name, app in found.items()}


@by_page
def test_a_page_names_only_commands_that_exist_and_by_their_present_names(page: Path) -> None:
    ours = own_commands()
    named = {name for code in code_in(page) for name in COMMAND.findall(code)}
    assert sorted(named - get_commands().keys()) == []
    assert sorted(name for name in named if ours.get(name)) == [], "these are aliases; write the new names"


@by_page
def test_a_page_names_only_targets_of_the_makefile(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert sorted({name for code in code_in(page) for name in TARGET.findall(code)} - targets) == []


# --- settings


def example() -> set[str]:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    return set(re.findall(r"^([A-Z][A-Z0-9_]*)=", text, re.MULTILINE))


def read_by_the_code() -> set[str]:
    """Returns the names of variables that `settings.py` reads by an `Env`."""
    tree = ast.parse((ROOT / "proceedings" / "settings.py").read_text(encoding="utf-8"))
    return {
        call.args[0].value
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr in READERS
        and call.args
        and isinstance(call.args[0], ast.Constant)
        and isinstance(call.args[0].value, str)
    }


def test_every_setting_of_the_example_is_read_and_every_one_that_is_read_is_in_the_example() -> None:
    assert example() == read_by_the_code()


def test_the_reference_of_settings_has_every_setting() -> None:
    listed = generated().settings((ROOT / ".env.example").read_text(encoding="utf-8"))
    assert example() == set(re.findall(r"`([A-Z][A-Z0-9_]+)`(?=,|$)", "\n".join(listed), re.MULTILINE))


@by_page
def test_a_page_names_only_settings_that_exist(page: Path) -> None:
    named = {code for code in CODE.findall(prose(page)) if re.fullmatch(r"[A-Z][A-Z0-9]*_[A-Z0-9_]+(=\S*)?", code)}
    ours = example() | {"MOVES", "ANYMAIL_WEBHOOK_SECRET", "MAX_", "RLIMIT_AS"}
    assert sorted(name for name in named if name.partition("=")[0] not in ours) == []


# --- generated pages


def generated() -> ModuleType:
    """Loads the module that writes parts of the documentation; it is beside the pages, in no package."""
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["generate"] = module
    spec.loader.exec_module(module)
    return module


def test_the_reference_of_commands_has_every_command_but_aliases_and_djangos_own() -> None:
    listed = set(re.findall(r"^### (\w+)$", "\n".join(generated().commands()), re.MULTILINE))
    assert listed == {name for name, is_alias in own_commands().items() if not is_alias} - {"makemessages"}


def test_an_alias_of_a_command_is_not_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("proceedings.management.commands.citations.Command.hidden_alias", True, raising=False)
    assert "### citations" not in "\n".join(generated().commands())


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("write <key>.pdf | *", r"write \<key\>.pdf \| \*"),
        ("run `a_b | c` now", "run `a_b | c` now"),
        ("two\n lines", "two lines"),
    ],
)
def test_help_is_shown_literally(text: str, shown: str) -> None:
    assert generated().plain(text) == shown


def test_a_setting_without_an_explanation_is_rejected() -> None:
    with pytest.raises(ValueError, match="does not say what NEW_ONE is"):
        list(generated().settings("# --- may be set\n\nNEW_ONE=\n"))


def test_the_operators_guide_has_every_scheduled_job_with_its_interval() -> None:
    page = (ROOT / "docs" / "operators-guide.md").read_text(encoding="utf-8")
    listed = {name: float(seconds) for name, seconds in re.findall(r"^\| `(\w+)` \| (\d+) s \|", page, re.MULTILINE)}
    assert listed == {name: job["schedule"] for name, job in app.conf.beat_schedule.items()}


# --- the publisher's rules


def places_of_rules(tree: ast.Module) -> dict[str, int]:
    """Returns the functions with an argument named `rule`, and where it stands."""
    places: dict[str, int] = {}
    owners = {
        id(function): node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef) for function in node.body
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            names = [each.arg for each in node.args.args if each.arg != "self"]
            if "rule" in names:
                places[owners[id(node)] if node.name == "__init__" else node.name] = names.index("rule")
    return places


def rules_in(tree: ast.Module, elsewhere: Mapping[str, int] = MappingProxyType({})) -> Iterator[str]:
    """Returns all values of arguments named `rule`, of functions in `tree` and of those `elsewhere`."""
    places = {**elsewhere, **places_of_rules(tree)}
    for call in ast.walk(tree):
        if isinstance(call, ast.Call):
            name = ast.unparse(call.func).rpartition(".")[2]
            given = [keyword.value for keyword in call.keywords if keyword.arg == "rule"]
            given += call.args[places[name] : places[name] + 1] if name in places else []
            yield from (one.value for one in given if isinstance(one, ast.Constant) and isinstance(one.value, str))


def rules_of_the_code() -> set[str]:
    files = {path for pattern in RULES_IN for path in ROOT.glob(pattern)}
    assert files
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in files]
    fields = places_of_rules(ast.parse((ROOT / "proceedings" / "bibtex" / "fields.py").read_text(encoding="utf-8")))
    return {rule for tree in trees for rule in rules_in(tree, fields)}


@pytest.mark.parametrize(
    "source",
    [
        "Finding(rule='x', message='y')",
        "def say(entry, rule): ...\nsay(1, 'x')",
        "class A:\n    def say(self, rule): ...\n    def f(self): self.say('x')",
        "class No(Exception):\n    def __init__(self, rule): ...\nraise No('x')",
    ],
)
def test_the_search_for_rules_sees_them_all(source: str) -> None:
    assert set(rules_in(ast.parse(source))) == {"x"}


def test_the_page_about_the_publishers_checks_has_every_rule_and_no_other() -> None:
    page = (ROOT / "docs" / "publisher-checks.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| `([a-z-]+)` \|", page, re.MULTILINE))
    assert listed == rules_of_the_code()


# --- shape


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 150


@pytest.mark.parametrize("page", sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md")), ids=lambda page: page.name)
def test_a_record_of_a_decision_is_short_and_whole(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert len(text.splitlines()) < 40
    assert re.findall(r"^## (\w+)", text, re.MULTILINE) == ["Context", "Decision", "Consequences"]
