"""The desk: who sees what (S1 to S5), what its buttons do, and what its lists cost.

The first half walks the admin's own URLconf, so that a page added tomorrow is tested for scope without being named.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.files.storage import storages
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver

from agreements import lifecycle
from agreements.facts import sha256
from agreements.models import Agreement, Message, Terms
from agreements.states import MOVES, Status, legal_moves
from proceedings.models import Paper, User, Volume
from tests import make
from tests.agreements.pages import all_rows, drop, fields_of

pytestmark = pytest.mark.django_db

SECRETS = ("Zanzibar", "zanzibar", "v666", "666-")
"""Stand in everything that the foreign volume has, and nowhere else."""

BOOKKEEPING = frozenset({"django_session"})


@dataclass
class House:
    """Two volumes with a paper, an agreement and an editor each, and somebody for every role."""

    own: Volume
    foreign: Volume
    boss: User
    editor: User
    stranger: User
    nobody: User


@pytest.fixture
def house() -> House:
    own = make.volume(247)
    make.agreement("sealed", of=make.paper(own, title="At home"))
    foreign = make.volume(666, reply_to="zanzibar@desk.example")
    Volume.objects.filter(pk=foreign.pk).update(name="Zanzibar Conference", shortname="Zanzibar")
    foreign.refresh_from_db()
    paper = make.paper(foreign, title="Zanzibar", key="zanzibar26", contact="zanzibar@example.org")
    paper.authors.update(family="Zanzibar")
    make.agreement("sealed", of=Paper.objects.get(pk=paper.pk))
    waiting = make.paper(foreign, title="Zanzibar waits", key="zanzibar26b", contact="zanzibar@example.org")
    make.agreement("issued", of=waiting)
    return House(
        own=own,
        foreign=foreign,
        boss=User.objects.create_superuser("boss"),
        editor=make.editor("ed", own),
        stranger=make.editor("zanzibar-editor", foreign),
        nobody=make.editor("nobody"),
    )


def desk_of(user: User | None) -> Client:
    client = Client(raise_request_exception=True)
    if user:
        client.force_login(user)
    return client


def patterns(resolver: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """(route, name) of every address below `resolver`."""
    for pattern in resolver.url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from patterns(pattern, route)
        elif isinstance(pattern, URLPattern):
            yield route, pattern.name or ""


def desk_routes() -> list[tuple[str, str]]:
    desk = next(p for p in get_resolver().url_patterns if isinstance(p, URLResolver) and p.app_name == "admin")
    return [
        (route, name)
        for route, name in patterns(desk, "/admin/")
        if "(?P<app_label>" not in route and "url>" not in route
    ]


def rows_of(volume: Volume) -> dict[str, models.Model]:
    """The objects of `volume`, by the prefix of their addresses' names."""
    sealed = Agreement.objects.get(paper__volume=volume, status=Status.SEALED)
    return {"proceedings_volume": volume, "proceedings_paper": sealed.paper, "agreements_agreement": sealed}


def filled(route: str, row: models.Model | None) -> str:
    """An address from its route: about `row`, with each other gap filled in sensibly."""
    key = str(row.pk) if row else "1"
    path = route.replace("<path:object_id>", key).replace("<int:pk>", key).replace("<id>", key)
    content = ContentType.objects.get_for_model(row).pk if row else 1
    return path.replace("<path:content_type_id>", str(content)).replace("<str:verb>", "void")


def addresses_about(volume: Volume) -> dict[str, str]:
    """Every address of the desk that is about one row, for the rows of `volume`."""
    found = {}
    for route, name in desk_routes():
        for prefix, row in rows_of(volume).items():
            if name.startswith(f"{prefix}_") and re.search(r"<(path|int|str):", route):
                found[f"{prefix} {route}"] = filled(route, row)
            elif name == "view_on_site":
                content = ContentType.objects.get_for_model(row).pk
                found[f"{prefix} {route}"] = f"/admin/r/{content}/{row.pk}/"
    return found


def lists() -> list[str]:
    return [route for route, name in desk_routes() if name.endswith("_changelist") and "_user_" not in name]


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


# --- S1 to S3: another's volume


def test_the_walk_finds_the_pages_that_are_known_today(house: House) -> None:
    names = {name for _, name in desk_routes()}
    assert {"agreements_agreement_move", "agreements_agreement_sealed", "agreements_agreement_form"} <= names
    assert {"agreements_agreement_remind", "proceedings_paper_history", "proceedings_volume_delete"} <= names
    assert len(addresses_about(house.foreign)) >= 16


@pytest.mark.parametrize("role", ["editor", "nobody"])
@pytest.mark.parametrize("method", ["get", "head", "options", "post", "put", "patch", "delete"])
def test_s01_every_address_about_a_foreign_row_is_403_or_404_and_changes_nothing(
    role: str, method: str, house: House
) -> None:
    client = desk_of(getattr(house, role))
    addresses = addresses_about(house.foreign)
    before = all_rows(but=BOOKKEEPING)
    for path in addresses.values():
        data = {"reason": "Mine now.", "post": "yes", "title": "Taken", "_save": "1"} if method == "post" else {}
        status, body = read(client, path, method, **data)
        assert status in (403, 404, 405), (path, status)
        assert not any(secret in body for secret in SECRETS), path
    assert all_rows(but=BOOKKEEPING) == before


@pytest.mark.parametrize("method", ["get", "post"])
def test_s01_whoever_has_not_logged_in_is_led_to_the_login(method: str, house: House) -> None:
    before = all_rows(but=BOOKKEEPING)
    for route, name in desk_routes():
        if name in ("login", "logout"):
            continue
        answer = getattr(Client(), method)(filled(route, house.foreign))
        assert answer.status_code == 302, route
        assert answer["Location"].startswith("/admin/login/"), route
    assert all_rows(but=BOOKKEEPING) == before


@pytest.mark.parametrize("role", ["editor", "nobody"])
def test_s01_staff_see_no_page_of_the_users(role: str, house: House) -> None:
    client = desk_of(getattr(house, role))
    for route, name in desk_routes():
        if name.startswith("proceedings_user_") or name == "auth_user_password_change":
            assert read(client, filled(route, house.stranger))[0] in (403, 404), route


def test_s01_the_editors_of_a_volume_and_superusers_do_get_in(house: House) -> None:
    closed_to_editors = ("delete", "remind")
    for user in (house.stranger, house.boss):
        for path in addresses_about(house.foreign).values():
            status, _ = read(desk_of(user), path)
            if path.startswith("/admin/r/"):
                assert status == 404, path  # no public page of a row exists
            elif "/move/" in path or not any(word in path for word in closed_to_editors):
                assert status == 200, path


def test_s02_no_list_search_filter_or_choice_names_a_foreign_row(house: House) -> None:
    client = desk_of(house.editor)
    queries = ["", "?q=zanzibar", "?q=666", "?volume=666", "?agreement=sealed", "?status=sealed", "?o=1", "?all="]
    queries += ["?status__exact=sealed", "?volume=666&agreement=none", "?volume=x", "?p=1", "?_facets=True"]
    for path in [*lists(), "/admin/", "/admin/proceedings/", "/admin/agreements/", "/admin/proceedings/paper/add/"]:
        for query in queries:
            status, body = read(client, path + query)
            assert status in (200, 302), path + query
            seen = re.sub(
                r'q(=|%3D)zanzibar|value="zanzibar"|(q|volume)(=|%3D)666|value="666"', "", body
            )  # what was asked is said again
            assert not [seen[max(seen.find(secret) - 80, 0) :][:200] for secret in SECRETS if secret in seen], (
                path + query
            )


def test_s02_a_foreign_field_cannot_be_guessed_letter_by_letter(house: House) -> None:
    client = desk_of(house.editor)
    for query in ("?volume__editors__password__startswith=m", "?paper__volume__editors__email__contains=z"):
        for path in lists():
            assert read(client, path + query)[0] in (302, 400)


def test_s02_no_autocompletion_names_a_foreign_row(house: House) -> None:
    targets = [
        (model._meta.app_label, model._meta.model_name, field.name)
        for model in (*apps.get_app_config("proceedings").get_models(), *apps.get_app_config("agreements").get_models())
        for field in model._meta.get_fields()
        if isinstance(field, models.ForeignKey | models.ManyToManyField)
    ]
    assert ("proceedings", "paper", "volume") in targets
    for app, model, field in targets:
        for role, open_ in ((house.editor, True), (house.nobody, False)):
            query = f"?app_label={app}&model_name={model}&field_name={field}&term="
            status, body = read(desk_of(role), f"/admin/autocomplete/{query}")
            assert status in ((200, 403) if open_ else (403,)), query
            assert not any(secret in body for secret in SECRETS), query


def test_s03_actions_reach_no_foreign_row(house: House) -> None:
    clients = [desk_of(house.editor), desk_of(house.nobody)]
    before = all_rows(but=BOOKKEEPING)
    papers = [str(paper.pk) for paper in house.foreign.papers.all()]
    agreements = [str(pk) for pk in Agreement.objects.filter(paper__volume=house.foreign).values_list("pk", flat=True)]
    for path, action, rows in (
        ("/admin/proceedings/paper/", "issue_agreements", papers),
        ("/admin/proceedings/paper/", "remind_now", papers),
        ("/admin/proceedings/paper/", "delete_selected", papers),
        ("/admin/agreements/agreement/", "remind_signers", agreements),
        ("/admin/agreements/agreement/", "delete_selected", agreements),
        ("/admin/proceedings/volume/", "delete_selected", [str(house.foreign.pk)]),
    ):
        for client in clients:
            data = {"action": action, "_selected_action": rows, "select_across": "1", "post": "yes"}
            status, body = read(client, path, "post", **data)
            assert status in (200, 302, 403), (path, action)
            assert not any(secret in body for secret in SECRETS)
    # An action over everything did reach the editor's own row; there was nothing to issue or to remind.
    assert all_rows(but=BOOKKEEPING) == before


def test_a_mail_about_one_volume_never_reaches_the_other_ones_editors(house: House) -> None:
    waiting = Agreement.objects.get(paper__volume=house.foreign, status=Status.ISSUED)
    lifecycle.decline(waiting, reason="", now=make.NOW)
    told = set(waiting.messages.filter(kind="editor-declined").values_list("recipient", flat=True))
    assert told == {"zanzibar-editor@desk.example"}


# --- S4: what matters is not editable by hand


@pytest.mark.parametrize("role", ["editor", "boss"])
def test_s04_an_agreement_is_read_only_for_everybody(role: str, house: House) -> None:
    client = desk_of(getattr(house, role))
    agreement = rows_of(house.own)["agreements_agreement"]
    page = client.get(f"/admin/agreements/agreement/{agreement.pk}/change/")
    assert set(fields_of(page)) <= {"csrfmiddlewaretoken"}
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


def test_s06_no_page_of_the_desk_shows_a_token(house: House) -> None:
    token = make.token(Agreement.objects.get(status=Status.ISSUED))
    for path in [*addresses_about(house.foreign).values(), *lists()]:
        _, body = read(desk_of(house.boss), path)
        assert "/sign/" not in body, path
        assert token not in body
        assert sha256(token.encode()) not in body


def test_s05_losing_a_volume_closes_downloads_on_the_next_request(house: House) -> None:
    client = desk_of(house.stranger)
    agreement = rows_of(house.foreign)["agreements_agreement"]
    path = f"/admin/agreements/agreement/{agreement.pk}/sealed.pdf"
    assert read(client, path)[0] == 200
    house.foreign.editors.clear()
    assert read(client, path)[0] in (403, 404)


# --- every page opens


@pytest.mark.parametrize("role", ["editor", "boss"])
def test_every_page_without_a_row_opens(role: str, house: House) -> None:
    closed = {"editor": {"user", "volume_add", "agreement_add"}, "boss": {"agreement_add"}}[role]
    client = desk_of(getattr(house, role))
    opened = 0
    for route, name in desk_routes():
        if "<" in route or name in ("logout", "autocomplete", "login") or any(word in name for word in closed):
            continue
        status, _ = read(client, route)
        assert status == 200, route
        opened += 1
    assert opened >= 6


@pytest.mark.parametrize("status", list(Status))
def test_the_page_of_an_agreement_opens_in_every_status_with_legal_buttons_only(status: Status) -> None:
    agreement = make.agreement(status)
    client = desk_of(User.objects.create_superuser("boss"))
    answer = client.get(f"/admin/agreements/agreement/{agreement.pk}/change/")
    assert answer.status_code == 200
    page = answer.content.decode()
    for verb in MOVES:
        offered = f"/move/{verb}/" in page
        assert offered == (verb in legal_moves(status) and verb in ("void", "supersede")), verb
    assert ("/remind/" in page) == (status == Status.ISSUED)
    assert ("sealed.pdf" in page) == bool(agreement.sealed_file)


# --- one agreement


def page_of(agreement: Agreement, path: str = "change/") -> str:
    return f"/admin/agreements/agreement/{agreement.pk}/{path}"


@pytest.fixture
def desk() -> Client:
    return desk_of(make.editor("ed", make.the_volume()))


def test_the_page_tells_history_and_mails_in_words(desk: Client) -> None:
    page = desk.get(page_of(make.agreement("sealed"))).content.decode()
    for words in (
        "issued to Mike Lewis &lt;mike@example.org&gt;",
        "signed as “Mike Lewis”, having ticked consent and authority",
        "2026-11-01 09:00:00",
        "Invitation",
        "Receipt",
        "192.0.2.7",
    ):
        assert words in page, words


def test_voiding_wants_a_reason_and_then_ends_the_agreement(desk: Client) -> None:
    agreement = make.agreement()
    path = page_of(agreement, "move/void/")
    before = all_rows(but=BOOKKEEPING)
    assert desk.get(path).status_code == 200
    for reason in ("", "   ", "x" * 2001):
        assert desk.post(path, {"reason": reason}).status_code == 400
    assert all_rows(but=BOOKKEEPING) == before
    assert desk.post(path, {"reason": "Sent twice."}, follow=True).status_code == 200
    agreement.refresh_from_db()
    assert (agreement.status, agreement.reason) == (Status.VOIDED, "Sent twice.")
    assert agreement.events.get(kind="void").by == "editor:ed"


def test_replacing_issues_a_new_agreement_with_the_facts_of_today(desk: Client) -> None:
    agreement = make.agreement()
    Paper.objects.filter(pk=agreement.paper_id).update(title="A better title")
    page = desk.get(page_of(agreement)).content.decode()
    assert "The paper’s title changed since this agreement was issued." in page
    answer = desk.post(page_of(agreement, "move/supersede/"), {"reason": "The title changed."})
    agreement.refresh_from_db()
    assert agreement.status == Status.SUPERSEDED
    assert answer["Location"] == page_of(agreement.successor)
    assert (agreement.successor.status, agreement.successor.title) == (Status.ISSUED, "A better title")
    assert agreement.successor.reference in desk.get(page_of(agreement)).content.decode()


def test_a_replacement_that_is_not_ready_changes_nothing_and_says_why(desk: Client) -> None:
    agreement = make.agreement()
    agreement.paper.authors.update(is_contact=False)
    before = all_rows(but=BOOKKEEPING)
    answer = desk.post(page_of(agreement, "move/supersede/"), {"reason": "New contact."}, follow=True)
    assert "Nothing was changed: It has no corresponding author." in answer.content.decode()
    assert all_rows(but=BOOKKEEPING) == before


def test_another_corresponding_author_than_the_one_asked_is_pointed_out(desk: Client) -> None:
    agreement = make.agreement()
    agreement.paper.authors.filter(is_contact=True).update(email="new@example.org")
    assert "The paper’s corresponding author changed" in desk.get(page_of(agreement)).content.decode()
    make.sign(agreement)
    assert "changed since this agreement was issued" not in desk.get(page_of(agreement)).content.decode()


@pytest.mark.parametrize("verb", ["issue", "sign", "seal", "decline", "lapse", "nonsense"])
def test_moves_that_are_not_an_editors_to_make_are_refused(verb: str, desk: Client) -> None:
    agreement = make.agreement()
    before = all_rows(but=BOOKKEEPING)
    assert desk.post(page_of(agreement, f"move/{verb}/"), {"reason": "Because."}).status_code in (403, 404)
    assert all_rows(but=BOOKKEEPING) == before


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_move_that_is_no_longer_legal_says_so(method: str, desk: Client) -> None:
    agreement = make.agreement("voided")
    answer = getattr(desk, method)(page_of(agreement, "move/void/"), {"reason": "Again."}, follow=True)
    assert "Nothing was changed: Cannot void an agreement that is voided." in answer.content.decode()


def test_remind_now_is_a_post_and_sends_one_mail_however_often_it_is_pressed(desk: Client) -> None:
    agreement = make.agreement()
    agreement.messages.update(state=Message.State.SENT, sent_at=make.NOW)
    assert desk.get(page_of(agreement, "remind/")).status_code == 405
    first = desk.post(page_of(agreement, "remind/"), follow=True).content.decode()
    assert "1 reminder on the way" in first
    second = desk.post(page_of(agreement, "remind/"), follow=True).content.decode()
    assert "1 got no reminder" in second
    assert agreement.messages.filter(kind="reminder").count() == 1


def test_the_sealed_file_is_downloaded_as_the_publisher_gets_it(desk: Client) -> None:
    agreement = make.agreement("sealed")
    answer: Any = desk.get(page_of(agreement, "sealed.pdf"))
    with storages["private"].open(agreement.sealed_file) as file:
        assert b"".join(answer) == file.read()
    assert answer["Content-Disposition"] == 'attachment; filename="lewis26-1Permission.pdf"'
    assert answer["Content-Type"] == "application/pdf"


def test_before_the_seal_there_is_nothing_to_download(desk: Client) -> None:
    answer = desk.get(page_of(make.agreement("signed"), "sealed.pdf"), follow=True)
    assert "It is not sealed yet." in answer.content.decode()


def test_files_of_agreements_are_kept_by_no_cache(desk: Client) -> None:
    agreement = make.agreement("sealed")
    for name in ("sealed.pdf", "form.pdf"):
        answer = desk.get(page_of(agreement, name))
        drop(answer)
        assert "no-store" in answer["Cache-Control"]


def test_a_failed_seal_is_said_on_the_page(desk: Client) -> None:
    agreement = make.agreement("signed")
    lifecycle.seal_failed(agreement, error="OSError: the disk is full", now=make.NOW)
    page = desk.get(page_of(agreement)).content.decode()
    assert "Sealing failed 1 time: OSError: the disk is full" in page
    assert "The signature stands." in page


@pytest.mark.parametrize("text", ["<img src=x onerror=alert(1)>", "עברית", "x" * 500])
def test_hostile_titles_are_text_on_the_desk(text: str, desk: Client) -> None:
    agreement = make.agreement(of=make.paper(title=text))
    paths = [page_of(agreement), page_of(agreement, "move/void/"), "/admin/agreements/agreement/"]
    paths += ["/admin/proceedings/paper/", f"/admin/proceedings/paper/{agreement.paper_id}/change/"]
    for path in paths:
        page = desk.get(path).content.decode()
        assert "<img src=x" not in page, path


# --- lists and their actions


def act(desk: Client, action: str, *papers: Paper) -> str:
    data = {"action": action, "_selected_action": [str(paper.pk) for paper in papers]}
    return desk.post("/admin/proceedings/paper/", data, follow=True).content.decode()


def test_issuing_from_the_list_names_every_refusal(desk: Client) -> None:
    ready, again = make.paper(key="ready26"), make.paper(key="again26")
    without, withdrawn = make.paper(key="without26", contact=None), make.paper(key="gone26", status="withdrawn")
    make.agreement(of=again)
    page = act(desk, "issue_agreements", ready, again, without, withdrawn)
    assert "1 issued. The invitations go out within a minute." in page
    assert "1 already have one under way." in page
    assert "Without26: It has no corresponding author. Choose one and give an e-mail address." in page
    assert "Gone26: It is withdrawn." in page
    assert ready.agreements.get().status == Status.ISSUED
    assert ready.agreements.get().events.get(kind="issue").by == "editor:ed"
    assert not without.agreements.exists()


def test_issuing_twice_issues_once(desk: Client) -> None:
    paper = make.paper()
    act(desk, "issue_agreements", paper)
    act(desk, "issue_agreements", paper)
    assert paper.agreements.count() == 1
    assert Message.objects.count() == 1


def test_reminding_from_the_list_says_who_gets_none(desk: Client) -> None:
    waiting = make.agreement()
    waiting.messages.update(state=Message.State.SENT, sent_at=make.NOW)
    signed = make.agreement("signed")
    page = act(desk, "remind_now", waiting.paper, signed.paper)
    assert "1 reminder on the way" in page
    assert "1 got no reminder" in page


def test_the_list_of_papers_says_what_each_one_lacks(desk: Client) -> None:
    make.paper(contact=None)
    make.agreement("sealed")
    make.paper(status="withdrawn")
    page = desk.get("/admin/proceedings/paper/").content.decode()
    for words in ("none yet: choose one", "not issued", "signed and sealed", "paper withdrawn", "mike@example.org"):
        assert words in page


@pytest.mark.parametrize(("value", "count"), [("none", 2), ("issued", 1), ("sealed", 1), ("declined", 1)])
def test_the_list_of_papers_is_filtered_by_agreement(value: str, count: int, desk: Client) -> None:
    make.agreement()
    make.agreement("sealed")
    make.agreement("declined")
    make.paper(contact=None)
    make.paper(status="withdrawn")
    answer: Any = desk.get(f"/admin/proceedings/paper/?agreement={value}")
    assert answer.context["cl"].result_count == count


def test_the_list_of_volumes_counts_and_leads_to_the_papers_it_counts(desk: Client) -> None:
    make.agreement()
    make.agreement("sealed")
    make.agreement("declined")
    make.paper(contact=None)
    make.paper(status="withdrawn")
    page = desk.get("/admin/proceedings/volume/").content.decode()
    counted = dict(re.findall(r'href="/admin/proceedings/paper/\?volume=247(?:&amp;agreement=(\w+))?">(\d+)</a>', page))
    assert counted == {"": "4", "none": "2", "issued": "1", "declined": "1", "sealed": "1"}
    for status, count in counted.items():
        listed: Any = desk.get(
            f"/admin/proceedings/paper/?volume=247&agreement={status}"
            if status
            else "/admin/proceedings/paper/?status__exact=accepted"
        )
        assert listed.context["cl"].result_count == int(count)


def queries(desk: Client, path: str) -> int:
    desk.get(path)  # the first request of all also fills Django's own caches
    with CaptureQueriesContext(connection) as captured:
        assert desk.get(path).status_code == 200
    return len(captured)


@pytest.mark.parametrize(
    ("path", "most"),
    [("/admin/proceedings/volume/", 8), ("/admin/proceedings/paper/", 11), ("/admin/agreements/agreement/", 9)],
)
def test_a_list_costs_the_same_for_three_rows_and_for_thirty(path: str, most: int, desk: Client) -> None:
    for _ in range(3):
        make.agreement()
    few = queries(desk, path)
    for _ in range(27):
        make.agreement()
    assert queries(desk, path) == few
    assert few <= most


def test_the_page_of_an_agreement_costs_the_same_for_any_history(desk: Client) -> None:
    agreement = make.agreement("sealed")
    few = queries(desk, page_of(agreement))
    for number in range(20):
        lifecycle.note(agreement.pk, "remind", by="editor:ed", now=make.NOW, data={"number": number})
    assert queries(desk, page_of(agreement)) == few
    assert few <= 16


# --- terms


def terms_page(volume: Volume) -> str:
    return f"/admin/proceedings/volume/{volume.pk}/change/"


def test_a_volume_without_a_deadline_shows_where_it_goes(house: House) -> None:
    bare = make.volume(300, deadline=None)
    bare.editors.add(house.editor)
    client = desk_of(house.editor)
    fields = fields_of(client.get(terms_page(bare)))
    assert fields["terms-TOTAL_FORMS"] == "1"
    assert client.post(terms_page(bare), fields | {"terms-0-deadline": "2026-12-24"}).status_code == 302
    assert Terms.objects.get(volume=bare).deadline_in_words == "24 December 2026, 23:59 anywhere on Earth"


def test_a_new_deadline_has_reminders_of_its_own_and_wakes_the_clock(desk: Client) -> None:
    agreement = make.agreement()
    Agreement.objects.filter(pk=agreement.pk).update(look_at=None)
    volume = make.the_volume()
    fields = fields_of(desk.get(terms_page(volume)))
    desk.post(terms_page(volume), fields | {"terms-0-deadline": "2026-12-24"})
    agreement.refresh_from_db()
    assert agreement.look_at is not None
    assert Terms.objects.get().revision == 2
    desk.post(terms_page(volume), fields_of(desk.get(terms_page(volume))))
    assert Terms.objects.get().revision == 2


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("zone", "Mars/Olympus", "is not a time zone"),
        ("offsets", '["a"]', "Give a list of different whole days"),
        ("offsets", "[1, 1]", "Give a list of different whole days"),
        ("most_reminders", "99", "less than or equal to 30"),
        ("reply_to", "not an address", "Enter a valid email address."),
    ],
)
def test_terms_that_cannot_be_are_refused_in_words(field: str, value: str, words: str, desk: Client) -> None:
    volume = make.the_volume()
    answer = desk.post(terms_page(volume), fields_of(desk.get(terms_page(volume))) | {f"terms-0-{field}": value})
    assert answer.status_code == 200
    assert words in answer.content.decode()


def test_what_editors_change_by_hand_is_logged_where_only_they_can_read_it(house: House) -> None:
    client = desk_of(house.stranger)
    paper = rows_of(house.foreign)["proceedings_paper"]
    path = f"/admin/proceedings/paper/{paper.pk}/change/"
    client.post(path, fields_of(client.get(path)) | {"title": "Zanzibar renamed"})
    assert LogEntry.objects.get().object_repr.endswith("Zanzibar renamed")
    assert "Changed Title." in read(client, f"/admin/proceedings/paper/{paper.pk}/history/")[1]
    for user in (house.editor, house.nobody):
        for route, name in desk_routes():
            if name in ("index", "app_list") or name.endswith("_history"):
                assert "renamed" not in read(desk_of(user), filled(route, paper))[1]
