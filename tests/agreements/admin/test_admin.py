"""The desk: who sees what (S1 to S6). It walks the admin's own URLconf, so that a page added tomorrow is tested too."""

import re
from collections.abc import Iterator

import pytest
from django.apps import apps
from django.contrib.admin import site
from django.db import models
from django.test import Client, RequestFactory

from agreements import lifecycle
from agreements.domain.facts import sha256
from agreements.domain.states import TRANSITIONS, Status, allowed_transitions
from agreements.models import Agreement, Message
from proceedings.accounts.permissions import OwnVolumes
from proceedings.models import User
from tests import make
from tests.agreements.editors import (
    ADMIN_LISTS,
    BOOKKEEPING,
    NOBODY,
    SECRETS,
    Roles,
    addresses_about,
    addresses_about_nothing,
    admin_routes,
    bulk,
    client_for,
    filled,
    lists,
    read,
    refreshed,
    rows_of,
    scoped_models,
)
from tests.agreements.pages import all_rows, fields_of

pytestmark = pytest.mark.django_db

PUBLIC_PAGES = ("login", "logout", "password_reset", "password_reset_confirm")
"""What people need before they have logged in. Everything else of the desk leads to the login."""
REDIRECTING_PAGES = ("logout", "autocomplete", "login", "login_code")
"""Where whoever has logged in finds no page."""

# --- S1 to S3: another's volume


def test_the_walk_finds_the_pages_that_are_known_today(roles: Roles) -> None:
    names = {name for _, name in admin_routes()}
    assert {"agreements_agreement_transition", "agreements_agreement_sealed", "agreements_agreement_form"} <= names
    assert {"agreements_agreement_remind", "proceedings_paper_history", "proceedings_volume_delete"} <= names
    assert {"proceedings_volume_overview", "proceedings_paper_export", "agreements_agreement_export"} <= names
    assert {"proceedings_volume_names", "proceedings_volume_files", "agreements_bulkjob_change"} <= names
    assert {"proceedings_paper_note", "agreements_agreement_note"} <= names
    assert len(addresses_about(roles.foreign)) >= 30


def test_the_walk_covers_every_model_and_every_address_of_the_admin(roles: Roles) -> None:
    """Whoever adds a page gets it tested, or is told here what the walk needs to know."""
    unscoped = {model.__name__ for model, admin in site._registry.items() if not isinstance(admin, OwnVolumes)}
    assert unscoped == {"User", "TitleWord"}, "a model whose pages are not limited to one's own volumes"
    assert set(rows_of(roles.foreign)) == set(scoped_models()), "give the foreign volume of `roles` a row of it"
    walked = {key.partition(" ")[2] for key in addresses_about(roles.foreign)} | set(addresses_about_nothing())
    of_superusers = ("/admin/proceedings/user/", "/admin/proceedings/titleword/")
    users = {route for route, _ in admin_routes() if route.startswith(of_superusers)}
    doors = {route for route, name in admin_routes() if name in (*PUBLIC_PAGES, "jsi18n")}
    assert {route for route, _ in admin_routes()} == walked | users | doors


@pytest.mark.parametrize("role", ["editor", "nobody", "helper"])
@pytest.mark.parametrize("method", ["get", "head", "options", "post", "put", "patch", "delete"])
def test_s01_every_address_about_a_foreign_row_is_403_or_404_and_changes_nothing(
    role: str, method: str, roles: Roles
) -> None:
    client = client_for(getattr(roles, role))
    addresses = addresses_about(roles.foreign)
    before = all_rows(but=BOOKKEEPING)
    for path in addresses.values():
        data = {"reason": "Mine now.", "post": "yes", "title": "Taken", "_save": "1"} if method == "post" else {}
        status, body = read(client, path, method, **data)
        assert status in (403, 404, 405), (path, status)
        assert not any(secret in body for secret in SECRETS), path
    assert all_rows(but=BOOKKEEPING) == before


@pytest.mark.parametrize("method", ["get", "post"])
def test_s01_anonymous_requests_are_redirected_to_the_login(method: str, roles: Roles) -> None:
    before = all_rows(but=BOOKKEEPING)
    for route, name in admin_routes():
        if name in PUBLIC_PAGES:
            continue
        answer = getattr(Client(), method)(filled(route, roles.foreign))
        assert answer.status_code == 302, route
        assert answer["Location"].startswith("/admin/login/"), route
    assert all_rows(but=BOOKKEEPING) == before


@pytest.mark.parametrize("role", ["editor", "nobody", "assistant"])
def test_s01_staff_see_no_page_of_the_users(role: str, roles: Roles) -> None:
    client = client_for(getattr(roles, role))
    for route, name in admin_routes():
        if name.startswith("proceedings_user_") or name == "auth_user_password_change":
            assert read(client, filled(route, roles.stranger))[0] in (403, 404), route


def test_s01_the_editors_of_a_volume_and_superusers_do_get_in(roles: Roles) -> None:
    closed_to_editors = ("delete", "remind", ".zip", "/note/", "/scan/")  # no form on paper came in
    for user in (roles.stranger, roles.superuser):
        for path in addresses_about(roles.foreign).values():
            status, _ = read(client_for(user), path)
            if path.startswith("/admin/r/"):
                assert status == 404, path  # no public page of a row exists
            elif "/move/" in path or not any(word in path for word in closed_to_editors):
                assert status == 200, path


def test_s01_an_assistant_reads_everything_of_the_volume_and_changes_nothing(roles: Roles) -> None:
    client = client_for(roles.assistant)
    before = all_rows(but=BOOKKEEPING)
    for path in addresses_about(roles.foreign).values():
        status, _ = read(client, path)
        closed = ("delete", "remind", ".zip", "/move/", "/admin/r/", "/note/", "/scan/", "/ask/")
        assert status == (200 if not any(word in path for word in closed) else status), path
        if not path.endswith(("/remind/", "/note/")):
            data = {"reason": "Mine now.", "post": "yes", "title": "Taken", "partial": "on", "_save": "1"}
            reads = path.endswith((".pdf", ".md", "/history/"))  # however it is asked for
            assert read(client, path, "post", **data)[0] in ((200,) if reads else (403, 404, 405)), path
    for path in (
        "/admin/proceedings/paper/add/",
        "/admin/proceedings/volume/add/",
        "/admin/proceedings/volume/import/",
    ):
        assert read(client, path)[0] == 403, path
        assert read(client, path, "post", title="Taken")[0] == 403, path
    assert all_rows(but=BOOKKEEPING) == before


def test_an_assistant_reminds_and_is_offered_nothing_else(roles: Roles) -> None:
    client = client_for(roles.assistant)
    waiting = Agreement.objects.get(paper__volume=roles.foreign, status=Status.ISSUED)
    waiting.messages.update(state=Message.State.SENT, sent_at=make.NOW)
    for path in lists():
        page = read(client, path)[1]
        assert set(re.findall(r'<option value="(\w+)">', page)) <= {"remind"}, path
    page = bulk(client, "remind", waiting.paper)
    assert "reminders queued" in page
    assert waiting.messages.filter(kind="reminder").count() == 1
    before = all_rows(but=BOOKKEEPING)
    bulk(client, "void", waiting.paper, reason="Mine now.")
    assert all_rows(but=BOOKKEEPING) == before


def test_what_an_assistant_may_only_read_is_left_out_of_a_bulk_action(roles: Roles) -> None:
    roles.own.assistants.add(roles.stranger)
    here = Agreement.objects.get(paper__volume=roles.own)
    there = Agreement.objects.get(paper__volume=roles.foreign, status=Status.ISSUED)
    page = bulk(client_for(roles.stranger), "void", here.paper, there.paper, reason="All of them.")
    assert "You are an assistant of this volume: you can read it and send reminders only." in page
    assert [row.status for row in (refreshed(here), refreshed(there))] == [Status.SEALED, Status.VOIDED]


@pytest.mark.parametrize("role", ["editor", "helper"])
def test_s02_no_list_search_filter_or_choice_names_a_foreign_row(role: str, roles: Roles) -> None:
    client = client_for(getattr(roles, role))
    queries = ["", "?q=zanzibar", "?q=666", "?volume=666", "?agreement=sealed", "?status=sealed", "?o=1", "?all="]
    queries += ["?blocker=no-pdf", "?volume=666&blocker=no-pdf", "?section=Nowhere&waiting=7", "?volume=247&section="]
    queries += ["?status__exact=sealed", "?volume=666&agreement=none", "?volume=x", "?p=1", "?_facets=True"]
    for path in [*addresses_about_nothing(), "/admin/proceedings/", "/admin/agreements/"]:
        for query in queries:
            status, body = read(client, path + query)
            assert status in (200, 302, 403), path + query
            seen = re.sub(
                r'q(=|%3D)zanzibar|value="zanzibar"|(q|volume)(=|%3D)666|value="666"', "", body
            )  # what was asked is said again
            assert not [seen[max(seen.find(secret) - 80, 0) :][:200] for secret in SECRETS if secret in seen], (
                path + query
            )


def test_s02_a_foreign_field_cannot_be_guessed_character_by_character(roles: Roles) -> None:
    client = client_for(roles.editor)
    for query in ("?volume__editors__password__startswith=m", "?paper__volume__editors__email__contains=z"):
        for path in lists():
            assert read(client, path + query)[0] in (302, 400)


def test_s02_no_autocompletion_names_a_foreign_row(roles: Roles) -> None:
    targets = [
        (model._meta.app_label, model._meta.model_name, field.name)
        for model in (*apps.get_app_config("proceedings").get_models(), *apps.get_app_config("agreements").get_models())
        for field in model._meta.get_fields()
        if isinstance(field, models.ForeignKey | models.ManyToManyField)
    ]
    assert ("proceedings", "paper", "volume") in targets
    for app, model, field in targets:
        for role, open_ in ((roles.editor, True), (roles.nobody, False)):
            query = f"?app_label={app}&model_name={model}&field_name={field}&term="
            status, body = read(client_for(role), f"/admin/autocomplete/{query}")
            assert status in ((200, 403) if open_ else (403,)), query
            assert not any(secret in body for secret in SECRETS), query


def every_action(superuser: User) -> Iterator[tuple[str, str]]:
    """(prefix, action) of every list, with the one of the stock admin that deletes."""
    request = RequestFactory().get("/")
    request.user = superuser
    for model, admin in site._registry.items():
        if isinstance(admin, OwnVolumes):
            prefix = f"{model._meta.app_label}_{model._meta.model_name}"
            yield from ((prefix, action) for action in {*admin.get_actions(request), "delete_selected"})


def test_s03_actions_reach_no_foreign_row(roles: Roles) -> None:
    clients = [client_for(roles.editor), client_for(roles.nobody)]
    before = all_rows(but=BOOKKEEPING)
    offered = set(every_action(roles.superuser))
    assert {("proceedings_paper", "void"), ("agreements_agreement", "remind")} <= offered
    for prefix, action in offered:
        model, volume_path = scoped_models()[prefix]
        keys = model.objects.filter(**{volume_path or "pk": roles.foreign.pk}).values_list("pk", flat=True)  # type: ignore[attr-defined]
        path, rows = f"/admin/{prefix.replace('_', '/')}/", [str(key) for key in keys]
        for client in clients:
            data = {"action": action, "_selected_action": rows, "select_across": "0", "post": "yes", "seen": NOBODY}
            status, body = read(client, path, "post", **data, reason="Mine now.")
            assert status in (200, 302, 400, 403), (path, action)
            assert not any(secret in body for secret in SECRETS)
            status, body = read(client, path, "post", **(data | {"select_across": "1"}))
            assert status in (200, 302, 400, 403), (path, action)
            assert not any(secret in body for secret in SECRETS)
    # An action over everything did reach the editor's own row, and stopped before the page that asks.
    assert all_rows(but=BOOKKEEPING) == before


def test_an_email_about_one_volume_never_reaches_the_other_ones_editors(roles: Roles) -> None:
    waiting = Agreement.objects.get(paper__volume=roles.foreign, status=Status.ISSUED)
    lifecycle.decline(waiting, reason="", now=make.NOW)
    told = set(waiting.messages.filter(kind="editor-declined").values_list("recipient", flat=True))
    assert told == {"zanzibar-editor@desk.example"}


# --- S4: what matters is not editable by hand


@pytest.mark.parametrize("role", ["editor", "superuser"])
def test_s04_an_agreement_is_read_only_for_everybody(role: str, roles: Roles) -> None:
    client = client_for(getattr(roles, role))
    agreement = rows_of(roles.own)["agreements_agreement"]
    page = client.get(f"/admin/agreements/agreement/{agreement.pk}/change/")
    assert set(fields_of(page)) <= {"csrfmiddlewaretoken", "text"}  # a note, which changes nothing of it
    before = all_rows(but=BOOKKEEPING)
    forged = {
        "status": "signed",
        "typed_name": "Forged",
        "signed_at_0": "2026-01-01",
        "signed_at_1": "00:00",
        "_save": "1",
    }
    for path in (f"{agreement.pk}/change/", f"{agreement.pk}/delete/", "add/"):
        status, _ = read(client, f"/admin/agreements/agreement/{path}", "post", **forged, post="yes")
        assert status == 403, path
    assert read(client, "/admin/agreements/agreement/", "post", **{"form-0-status": "signed", "_save": "1"})[0] in (
        200,
        302,
    )
    assert all_rows(but=BOOKKEEPING) == before


def test_s06_no_page_of_the_admin_shows_a_token(roles: Roles) -> None:
    token = make.token(Agreement.objects.get(status=Status.ISSUED))
    for path in [*addresses_about(roles.foreign).values(), *lists()]:
        _, body = read(client_for(roles.superuser), path)
        assert "/sign/" not in body, path
        assert token not in body
        assert sha256(token.encode()) not in body


@pytest.mark.parametrize("role", ["stranger", "assistant"])
def test_s05_losing_a_volume_closes_every_page_on_the_next_request(role: str, roles: Roles) -> None:
    client = client_for(getattr(roles, role))
    opened = [path for path in addresses_about(roles.foreign).values() if read(client, path)[0] == 200]
    assert len(opened) > 15
    assert any(path.endswith("sealed.pdf") for path in opened)
    roles.foreign.editors.clear()
    roles.foreign.assistants.clear()
    for path in opened:
        status, body = read(client, path)
        assert status in (403, 404), path
        assert not any(secret in body for secret in SECRETS), path


# --- every page opens


@pytest.mark.parametrize("role", ["editor", "superuser"])
def test_every_page_without_a_row_opens(role: str, roles: Roles) -> None:
    closed = {
        "editor": {
            "user",
            "titleword",
            "volume_add",
            "agreement_add",
            "changerequest_add",
            "nonauthorsigner_add",
            "bulkjob_add",
            "edit_add",
            "correction_add",
        },
        "superuser": {
            "agreement_add",
            "changerequest_add",
            "nonauthorsigner_add",
            "bulkjob_add",
            "edit_add",
            "correction_add",
        },
    }[role]
    client = client_for(getattr(roles, role))
    opened = 0
    for route, name in admin_routes():
        if (
            "<" in route
            or name in ("logout", "autocomplete", "login", "login_code")
            or any(word in name for word in closed)
        ):
            continue
        status, _ = read(client, route)
        assert status == (302 if name == "index" and role == "editor" else 200), route
        opened += 1
    assert opened >= 6


def test_a_user_with_one_volume_is_redirected_to_its_overview(roles: Roles) -> None:
    board = f"/admin/proceedings/volume/{roles.own.pk}/board/"
    assert client_for(roles.editor).get("/admin/")["Location"] == board
    make.volume(300).editors.add(roles.editor)
    page = read(client_for(roles.editor), "/admin/")[1]
    assert board in page
    assert "v300" in page
    assert "v666" not in page
    assert read(client_for(roles.nobody), "/admin/")[0] == 200


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_overviews_and_exports_are_for_reading_only(method: str, roles: Roles) -> None:
    client = client_for(roles.editor)
    before = all_rows(but=BOOKKEEPING)
    for path in (f"/admin/proceedings/volume/{roles.own.pk}/board/", *(f"{path}export.csv" for path in ADMIN_LISTS)):
        assert read(client, path, method)[0] == 405, path
    assert all_rows(but=BOOKKEEPING) == before


@pytest.mark.parametrize("status", list(Status))
def test_the_page_of_an_agreement_opens_in_every_status_with_legal_buttons_only(status: Status) -> None:
    agreement = make.agreement(status)
    client = client_for(User.objects.create_superuser("boss"))
    answer = client.get(f"/admin/agreements/agreement/{agreement.pk}/change/")
    assert answer.status_code == 200
    page = answer.content.decode()
    for verb in TRANSITIONS:
        offered = f"/move/{verb}/" in page
        assert offered == (verb in allowed_transitions(status) and verb in ("waive", "void", "supersede")), verb
    assert ("/remind/" in page) == (status == Status.ISSUED)
    assert ("sealed.pdf" in page) == bool(agreement.sealed_file)
