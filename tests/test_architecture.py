"""Rules of the architecture, checked in the source: which module writes which table, and what no module does."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.template import engines

from agreements.models import Agreement, Correction, Edit, EmailAddress, Event, Link, Message, Package, ShownForm

ROOT = Path(settings.BASE_DIR)
SOURCES = {
    path.relative_to(ROOT).as_posix(): ast.parse(path.read_text())
    for app in ("proceedings", "agreements")
    for path in sorted((ROOT / app).rglob("*.py"))
    if "migrations" not in path.parts
}
TEMPLATES = sorted((ROOT / "templates").rglob("*.*"))

LIFECYCLE = "agreements/lifecycle/"
"""The only writer of agreements and events, one module per transition."""
LIFECYCLE_MODULES = [name for name in SOURCES if name.startswith(LIFECYCLE)]

WRITERS = {
    "Agreement": LIFECYCLE,
    "Event": LIFECYCLE,
    "ShownForm": LIFECYCLE,
    "Message": "agreements/mail/outbox.py",
    "Link": "agreements/mail/links.py",
    "EmailAddress": "agreements/mail/addresses.py",
    "Package": "agreements/jobs/package_builder.py",
    "Edit": "agreements/requests/edits.py",
    "Correction": "agreements/requests/corrections.py",
}
WRITING = {
    "update", "create", "save", "delete", "bulk_create", "bulk_update", "get_or_create", "update_or_create",
    "aupdate", "acreate", "asave", "adelete", "_raw_delete",
}  # fmt: skip
RELATED = {
    "agreements": "Agreement",
    "events": "Event",
    "messages": "Message",
    "links": "Link",
    "shown": "ShownForm",
    "packages": "Package",
    "edits": "Edit",
    "corrections": "Correction",
}
"""Names of relations from other rows to those models."""

OWN_LOOKUPS = {"in", "lt", "lte", "gt", "gte", "isnull", "exact"}


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def method(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


def chain(node: ast.AST) -> Iterator[ast.AST]:
    """Returns an expression such as ``A.objects.filter(…).update(…)`` from its end to its beginning."""
    while True:
        yield node
        if isinstance(node, ast.Call):
            node = node.func
        elif isinstance(node, ast.Attribute):
            node = node.value
        else:
            return


def names_in(node: ast.AST) -> set[str]:
    """Returns the names of a chain: variable and attributes, without arguments."""
    found = set()
    for part in chain(node):
        if isinstance(part, ast.Attribute):
            found.add(part.attr)
        elif isinstance(part, ast.Name):
            found.add(part.id)
    return found


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def models_of(function: ast.AST) -> dict[str, str]:
    """Returns variables of a function that hold rows or queries of one of the models, by annotation or assignment."""
    known: dict[str, str] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.arg) and isinstance(node.annotation, ast.Name) and node.annotation.id in WRITERS:
            known[node.arg] = node.annotation.id
    for _ in range(3):  # assignments may depend on each other
        for node in ast.walk(function):
            if isinstance(node, ast.Assign | ast.NamedExpr | ast.For) and (target := bound(node)):
                value = node.iter if isinstance(node, ast.For) else node.value
                if model := model_of(value, known):
                    known[target] = model
    return known


def bound(node: ast.Assign | ast.NamedExpr | ast.For) -> str:
    target = node.targets[0] if isinstance(node, ast.Assign) else node.target
    return target.id if isinstance(target, ast.Name) else ""


def model_of(node: ast.AST, known: dict[str, str]) -> str:
    """Returns the model of an expression; empty if it is none of them."""
    for part in chain(node):
        if isinstance(part, ast.Attribute) and part.attr in RELATED:
            return RELATED[part.attr]
        if isinstance(part, ast.Name):
            return known.get(part.id, part.id if part.id in WRITERS else "")
    return ""


def writes(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Returns each call that writes rows of one of the models."""
    for function in functions(tree):
        known = models_of(function)
        for call in calls(function):
            written = call.func if method(call) in WRITING else call.args[0] if by_rows(call) else None
            if written and (model := model_of(written.value if isinstance(written, ast.Attribute) else written, known)):
                yield model, call


def by_rows(call: ast.Call) -> bool:
    """Whether it writes one row by its own columns: `compare_and_set.update_row(Model, …)` or `insert_row`."""
    return isinstance(call.func, ast.Attribute) and ast.unparse(call.func) in (
        "compare_and_set.update_row",
        "compare_and_set.insert_row",
    )


def test_the_models_with_one_writer_are_our_models() -> None:
    ours = (EmailAddress, Agreement, Correction, Edit, Event, Link, Message, Package, ShownForm)
    assert set(WRITERS) == {model.__name__ for model in ours}


def test_each_of_these_models_has_one_writer() -> None:
    found = {
        (model, LIFECYCLE if name in LIFECYCLE_MODULES else name)
        for name, tree in SOURCES.items()
        for model, _ in writes(tree)
    }
    assert found == set(WRITERS.items())


@pytest.mark.parametrize(
    "line",
    [
        "def f(a: Agreement): a.save()",
        "def f(m: Message): m.agreement.links.update(x=1)",
        "def f(p): p.agreements.filter(pk=1).update(x=1)",
        "def f():\n    rows = Message.objects.filter(pk=1)\n    mine = rows.filter(x=2)\n    mine.update(x=1)",
        "def f():\n    for e in Event.objects.all():\n        e.delete()",
        "def f(): compare_and_set.update_row(Message, 1, expected={}, values={'closed': True})",
        "def f(): compare_and_set.insert_row(Event, {'number': 1})",
    ],
)
def test_this_lint_sees_indirect_writers(line: str) -> None:
    assert len(list(writes(ast.parse(line)))) == 1


COLUMNS = {
    column
    for model in (EmailAddress, Agreement, Event, Message, Link)
    for field in model._meta.concrete_fields
    for column in (field.name, field.attname, "pk")
}


def joined(tree: ast.AST) -> Iterator[str]:
    """Returns filters of updates that name a column of another table."""
    for function in functions(tree):
        known = models_of(function)
        for call in calls(function):
            if (
                method(call) not in ("filter", "exclude", "get")
                or not model_of(call, known)
                or reads_only(call, function)
            ):
                continue
            for keyword in call.keywords:
                own, *lookup = (keyword.arg or "").split("__")
                if own not in COLUMNS or not set(lookup) <= OWN_LOOKUPS:
                    yield f"line {call.lineno}: {keyword.arg}"


@pytest.mark.parametrize(
    "name",
    ["agreements/mail/outbox.py", *LIFECYCLE_MODULES, "agreements/mail/links.py", "agreements/mail/addresses.py"],
)
def test_a_compare_and_set_names_its_own_columns_only(name: str) -> None:
    """On PostgreSQL, a filter through another table lets two simultaneous updates succeed."""
    assert list(joined(SOURCES[name])) == []


@pytest.mark.parametrize(
    "body",
    [
        "Message.objects.filter(pk=1, agreement__status='issued').update(state=x)",
        "rows = Message.objects.filter(agreement__status='issued')\n    rows.filter(pk=1).update(state=x)",
        "agreement.messages.exclude(agreement__paper__volume=1).update(state=x)",
    ],
)
def test_this_lint_sees_a_joined_filter(body: str) -> None:
    assert len(list(joined(ast.parse(f"def f(agreement: Agreement, x):\n    {body}")))) == 1
    reading = body.replace(".update(state=x)", ".first()")
    assert list(joined(ast.parse(f"def f(agreement: Agreement, x):\n    {reading}"))) == []


def reads_only(filtering: ast.Call, function: ast.AST) -> bool:
    """Whether nothing in the function writes through this filter, directly or by variables."""
    held: set[str] = set()
    assignments = [node for node in ast.walk(function) if isinstance(node, ast.Assign | ast.NamedExpr)]
    for _ in assignments:
        held |= {bound(node) for node in assignments if filtering in chain(node.value) or held & names_in(node.value)}
    return not any(
        method(call) in WRITING and (filtering in chain(call) or held & names_in(call)) for call in calls(function)
    )


def test_nobody_writes_sql_of_their_own() -> None:
    """In SQL, this test could not see which rows are written."""
    rooms = {name for name, tree in SOURCES.items() for call in calls(tree) if method(call) in ("cursor", "raw")}
    own = {"agreements/models/compare_and_set.py", "agreements/views/health.py", "proceedings/models/search.py"}
    assert rooms == own, "the second only asks SELECT 1, the third makes indexes"


def test_nobody_starts_a_task_by_hand() -> None:
    found = [
        f"{name}:{call.lineno}"
        for name, tree in SOURCES.items()
        for call in calls(tree)
        if method(call) in ("delay", "apply_async", "send_task", "s", "si")
    ]
    assert found == [], "rows are the queue: the clock looks, nobody calls it"


def test_nobody_waits_for_a_commit_to_do_the_rest() -> None:
    """If the process is killed after the commit, the rest is never done. Pending work must be a row of the same
    transaction.
    """
    found = {name for name, tree in SOURCES.items() for call in calls(tree) if method(call) == "on_commit"}
    assert found == set()


def test_nobody_listens_to_signals_of_models() -> None:
    for name, tree in SOURCES.items():
        imported = {
            alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom | ast.Import)
            for alias in node.names
        } | {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert not imported & {"receiver", "django.db.models.signals", "django.dispatch", "post_save", "pre_save"}, name


def test_rows_have_no_save_of_their_own() -> None:
    rooms = [name for name in SOURCES if name.startswith(("proceedings/models/", "agreements/models/"))]
    assert len(rooms) > 2
    for name in rooms:
        own = {function.name for function in functions(SOURCES[name])}
        assert not own & {"save", "delete", "save_base"}, name


def test_nobody_assigns_a_status_but_by_its_name() -> None:
    for name, tree in SOURCES.items():
        if not name.startswith("agreements/"):
            continue
        for call in calls(tree):
            raw = [keyword.arg for keyword in call.keywords if isinstance(keyword.value, ast.Constant)]
            assert method(call) not in WRITING or not {"status", "state"} & set(raw), f"{name}:{call.lineno}"
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign):
                told = {ast.unparse(target) for target in node.targets if isinstance(target, ast.Attribute)}
                assert not {t for t in told - {"self.status"} if t.endswith((".status", ".state"))}, (
                    f"{name}:{node.lineno}"
                )


def test_a_status_is_set_by_transition_only() -> None:
    setters = [
        function.name
        for room in LIFECYCLE_MODULES
        for function in functions(SOURCES[room])
        for call in calls(function)
        if method(call) in ("update", "create") and "status" in {keyword.arg for keyword in call.keywords}
    ]
    assert setters == ["transition"]


def test_text_becomes_a_paragraph_in_the_pdf_package_only() -> None:
    for name, tree in SOURCES.items():
        called = {call.func.id for call in calls(tree) if isinstance(call.func, ast.Name)}
        assert "Paragraph" not in called or name.startswith("agreements/documents/pdf/"), name


def test_only_the_outermost_packages_read_the_time() -> None:
    allowed = (
        "agreements/views/", "agreements/tasks.py", "agreements/receivers.py",
        "agreements/admin/", "agreements/checks.py", "agreements/management/", "agreements/demo/",
        "proceedings/management/", "proceedings/web/request_info.py", "proceedings/admin/names.py",
        "proceedings/admin/files.py", "proceedings/admin/checks.py",
    )  # fmt: skip
    for name, tree in SOURCES.items():
        told = [call for call in calls(tree) if method(call) in ("now", "utcnow", "today")]
        assert not told or name.startswith(allowed), name


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_template_compiles(path: Path) -> None:
    engines["django"].get_template(path.relative_to(ROOT / "templates").as_posix())


def test_every_kind_of_email_has_its_three_templates() -> None:
    there = {path.relative_to(ROOT / "templates").as_posix() for path in TEMPLATES}
    for kind in Message.Kind.values:
        for ending in (".subject.txt", ".txt", ".html"):
            assert f"agreements/mail/{kind}{ending}" in there


def test_no_page_loads_anything_from_elsewhere() -> None:
    for path in TEMPLATES:
        if path.suffix == ".html" and "mail" not in path.parts:
            text = path.read_text()
            assert "://" not in text.replace("http://www.w3.org", ""), path
            assert "<script>" not in text, path
            assert " style=" not in text, path
