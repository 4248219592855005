"""Shared by tests of the admin: two volumes with a user for every role, and all routes of the admin."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.admin import site
from django.contrib.contenttypes.models import ContentType
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver

from agreements.domain.facts import sha256
from agreements.domain.states import Status
from agreements.models import Agreement, Package
from proceedings.accounts.permissions import OwnVolumes
from proceedings.models import Paper, User, Volume
from tests import make
from tests.agreements.pages import drop, fields_of

SECRETS = ("Zanzibar", "zanzibar", "v666", "666-")
"""These occur in all rows of the foreign volume, and nowhere else."""

NOBODY = sha256(b"")[:16]
"""The digest in the confirmation page of a bulk action without papers."""

BOOKKEEPING = frozenset({"django_session"})


@dataclass
class Roles:
    """Two volumes with a paper, an agreement and an editor each, and a user for every role."""

    own: Volume
    foreign: Volume
    superuser: User
    editor: User
    stranger: User
    nobody: User
    assistant: User
    """Of the foreign volume."""
    helper: User
    """An assistant of the own volume."""


def assistant_of(volume: Volume, name: str = "zanzibar-assistant") -> User:
    assistant = make.editor(name)
    volume.assistants.add(assistant)
    return assistant


def client_for(user: User | None) -> Client:
    client = Client(raise_request_exception=True)
    if user:
        client.force_login(user)
    return client


def patterns(resolver: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yields (route, name) of every URL below `resolver`."""
    for pattern in resolver.url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from patterns(pattern, route)
        elif isinstance(pattern, URLPattern):
            yield route, pattern.name or ""


def admin_routes() -> list[tuple[str, str]]:
    editor_client = next(p for p in get_resolver().url_patterns if isinstance(p, URLResolver) and p.app_name == "admin")
    return [
        (route, name)
        for route, name in patterns(editor_client, "/admin/")
        if name and "(?P<app_label>" not in route and "url>" not in route  # routes without a name only redirect
    ]


def scoped_models() -> dict[str, tuple[type[models.Model], str]]:
    """Returns every admin model that belongs to a volume, with the lookup to it, by the prefix of its URL names."""
    return {
        f"{model._meta.app_label}_{model._meta.model_name}": (model, admin.volume_path)
        for model, admin in site._registry.items()
        if isinstance(admin, OwnVolumes)
    }


def rows_of(volume: Volume) -> dict[str, models.Model]:
    """Returns one row of `volume` for each of these models that it has; of agreements a sealed one."""
    found = {}
    for prefix, (model, volume_path) in scoped_models().items():
        rows = model.objects.filter(**{volume_path or "pk": volume.pk}).order_by("pk")  # type: ignore[attr-defined]
        row = (rows.filter(status=Status.SEALED) if model is Agreement else rows).first()
        if row is not None:
            found[prefix] = row
    return found


def filled(route: str, row: models.Model | None, rows: dict[str, models.Model] | None = None) -> str:
    """Returns the URL of a route about `row`. Other parameters are filled in, from `rows` where one is named."""
    key = str(row.pk) if row else "1"
    content = ContentType.objects.get_for_model(row).pk if row else 1
    package = Package.objects.filter(volume=row.pk).first() if isinstance(row, Volume) else None
    gaps = {
        "path:object_id": key,
        "int:pk": key,
        "id": key,
        "path:content_type_id": content,
        "str:verb": "void",
        "str:kind": "reminder",
    }
    gaps |= {"int:package": package.pk if package else 1}
    gaps |= {f"int:{prefix.rpartition('_')[2]}": str(other.pk) for prefix, other in (rows or {}).items()}
    gaps |= {"int:agreement": gaps.get("int:agreement", key), "uidb64": "MQ", "token": "set-password"}
    path = re.sub("<([^>]+)>", lambda gap: str(gaps.get(gap[1], gap[0])), route)
    assert "<" not in path, f"Say in tests/agreements/editors.py what stands in the gap of {route}."
    return path


def addresses_about(volume: Volume) -> dict[str, str]:
    """Returns every admin URL about one row, for the rows of `volume`."""
    found = {}
    rows = rows_of(volume)
    for route, name in admin_routes():
        if "<" not in route:
            continue
        for prefix, row in rows.items():
            if name == "view_on_site" or route.startswith(f"/admin/{prefix.replace('_', '/')}/"):
                found[f"{prefix} {route}"] = filled(route, row, rows)
    return found


def addresses_about_nothing() -> list[str]:
    """Returns every admin URL that is not about one row: lists, exports, forms for new rows, the import."""
    return [route for route, name in admin_routes() if "<" not in route and name not in ("login", "logout", "jsi18n")]


def lists() -> list[str]:
    of_superusers = ("proceedings_user_changelist", "proceedings_titleword_changelist")
    return [route for route, name in admin_routes() if name.endswith("_changelist") and name not in of_superusers]


def read(client: Client, path: str, method: str = "get", **data: Any) -> tuple[int, str]:
    answer: Any = (
        getattr(client, method)(path, data or None) if method in ("get", "post") else getattr(client, method)(path)
    )
    body = (
        b"".join(answer).decode("latin-1")
        if answer.streaming and method != "head"
        else answer.content.decode("utf-8", "replace")
    )
    drop(answer)
    return answer.status_code, body


ADMIN_LISTS = ("/admin/proceedings/paper/", "/admin/agreements/agreement/")


def refreshed(agreement: Agreement) -> Agreement:
    agreement.refresh_from_db()
    return agreement


def page_of(agreement: Agreement, path: str = "change/") -> str:
    return f"/admin/agreements/agreement/{agreement.pk}/{path}"


def bulk(editor_client: Client, verb: str, *papers: Paper, **sent: str) -> str:
    """Selects the papers, reads the confirmation page and confirms it."""
    path = "/admin/proceedings/paper/"
    data: dict[str, Any] = {"action": verb, "_selected_action": [str(paper.pk) for paper in papers]}
    asked: Any = editor_client.post(path, data, follow=True)
    if "seen" not in fields_of(asked):
        return str(asked.content.decode())
    return str(editor_client.post(path, data | {"seen": fields_of(asked)["seen"]} | sent).content.decode())


def confirmation_page(editor_client: Client, verb: str, *papers: Paper) -> str:
    data = {"action": verb, "_selected_action": [str(paper.pk) for paper in papers]}
    return str(editor_client.post("/admin/proceedings/paper/", data).content.decode())


def queries(editor_client: Client, path: str) -> int:
    editor_client.get(path)  # the first request also fills Django's caches
    with CaptureQueriesContext(connection) as captured:
        assert editor_client.get(path).status_code == 200
    return len(captured)
