"""Staff login (S14): password and code, slowed down after failures (S11)."""

import re
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core.checks import CheckMessage
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from proceedings import checks
from proceedings.accounts import login, two_factor
from proceedings.models import Attempt, User
from tests import make
from tests.agreements.pages import browser
from tests.make import NOW
from tests.proceedings.staff import code_of, with_app

pytestmark = pytest.mark.django_db

SECOND = timedelta(seconds=1)
STEP = timedelta(seconds=30)
DESK, LOGIN, CODE, SET_UP = "/admin/", "/admin/login/", "/admin/login/code/", "/admin/two-step/"
PASSWORD = "pass"
TOO_MANY = "Too many attempts."


@pytest.fixture(autouse=True)
def required(settings: Settings) -> None:
    settings.TWO_STEP_LOGIN = True


def at(client: Client, now: datetime) -> Client:
    client.defaults.update({"desk.now": now})  # type: ignore[dict-item]
    return client


def first_step(client: Client, name: str = "ed", password: str = PASSWORD, **more: str) -> Any:
    return client.post(LOGIN, {"username": name, "password": password, "next": DESK} | more)


def in_admin(client: Client) -> bool:
    return client.get("/admin/account/").status_code == 200


def logs_in(client: Client, user: User, now: datetime) -> None:
    app = two_factor.authenticator_of(user)
    assert app is not None
    assert first_step(at(client, now), user.username)["Location"] == CODE
    assert client.post(CODE, {"code": code_of(app, now)})["Location"] == DESK


# --- the two steps


def test_s14_a_password_and_a_code_open_the_admin() -> None:
    user = make.editor()
    with_app(user, NOW - 10 * STEP)
    client = browser()
    logs_in(client, user, NOW)
    assert in_admin(client)


def test_s14_the_password_alone_opens_nothing_at_all() -> None:
    with_app(make.editor("ed", make.volume()))
    client = browser()
    assert first_step(client).status_code == 302
    assert "_auth_user_id" not in client.session
    for path in (DESK, "/admin/proceedings/volume/", "/admin/account/", "/admin/password_change/"):
        assert client.get(path)["Location"].startswith(LOGIN), path
    assert client.get(SET_UP)["Location"] == CODE, "no app of one's own choice in place of the one there is"
    assert client.post(SET_UP, {"code": "1"})["Location"] == CODE


def test_s14_a_session_without_a_second_step_opens_nothing() -> None:
    client = browser()
    client.force_login(make.editor("ed", make.volume()))
    assert not in_admin(client)
    assert client.get(SET_UP)["Location"] == LOGIN, "not even setting one up: the password first"


def test_s14_no_code_opens_twice_not_even_elsewhere() -> None:
    user = make.editor()
    app = with_app(user, NOW - 10 * STEP)
    logs_in(browser(), user, NOW)
    thief = browser()
    first_step(thief)
    page = thief.post(CODE, {"code": code_of(app, NOW)})
    assert page.status_code == 400
    assert "The code is wrong" in page.content.decode()
    assert not in_admin(thief)


def test_a_recovery_code_opens_once_and_few_of_them_are_said() -> None:
    user = make.editor()
    with_app(user)
    codes = two_factor.renew_codes(user)
    for number, code in enumerate(codes[:7], start=1):
        client = browser()
        first_step(client)
        assert client.post(CODE, {"code": code})["Location"] == DESK
        said = client.get(DESK).content.decode()
        assert ("recovery codes left" in said) == (number >= 7)
    again = browser()
    first_step(again)
    assert again.post(CODE, {"code": codes[0]}).status_code == 400


@pytest.mark.alone
def test_a_user_without_an_app_is_led_to_set_one_up_and_is_then_logged_in() -> None:
    make.editor("ed", make.volume())
    client = browser()
    assert first_step(client)["Location"] == SET_UP
    page = client.get(SET_UP).content.decode()
    assert 'role="img"' in page
    offered = two_factor.read_offer(hidden(page), User.objects.get())
    assert offered is not None
    assert two_factor.secret_text(offered) in page
    assert not in_admin(client)

    wrong = client.post(SET_UP, {"offer": hidden(page), "code": "12345"})
    assert wrong.status_code == 400
    assert two_factor.secret_text(offered) in wrong.content.decode(), "the same picture: it is scanned already"

    shown = client.post(SET_UP, {"offer": hidden(page), "code": code_of(offered, NOW)})
    assert len(set(re.findall(r"<li><code>([\w-]+)</code>", shown.content.decode()))) == 10
    assert "no-store" in shown["Cache-Control"]
    assert in_admin(client)
    assert LogEntry.objects.get().change_message == "Two-factor login set up"


def hidden(page: str) -> str:
    return str(re.findall(r'name="offer" value="([^"]+)"', page)[0])


def test_an_offer_of_somebody_else_sets_nothing_up() -> None:
    make.editor()
    client = browser()
    first_step(client)
    offered = two_factor.new_offer(make.editor("other"))
    page = client.post(SET_UP, {"offer": two_factor.sign_offer(offered), "code": code_of(offered, NOW)})
    assert page.status_code == 400
    assert "Scan the new QR code." in page.content.decode()
    assert not in_admin(client)


def test_s14_the_first_step_is_good_for_ten_minutes() -> None:
    user = make.editor()
    app = with_app(user, NOW - 10 * STEP)
    client = browser()
    first_step(client)
    assert client.get(CODE).status_code == 200
    later = NOW + login.PENDING_LIFETIME
    assert at(client, later).post(CODE, {"code": code_of(app, later)})["Location"] == LOGIN
    assert "Your login expired." in client.get(LOGIN).content.decode()


def test_s14_a_changed_password_undoes_the_first_step() -> None:
    user = make.editor()
    app = with_app(user, NOW - 10 * STEP)
    client = browser()
    first_step(client)
    user.set_password("another one")
    user.save()
    assert client.post(CODE, {"code": code_of(app, NOW)})["Location"] == LOGIN


def test_s14_the_session_of_a_login_is_new_at_each_step() -> None:
    user = make.editor()
    app = with_app(user, NOW - 10 * STEP)
    client = browser()
    client.get(LOGIN)
    client.session.save()
    planted = client.session.session_key
    first_step(client)
    half = client.session.session_key
    client.post(CODE, {"code": code_of(app, NOW)})
    assert len({planted, half, client.session.session_key}) == 3
    assert login.PENDING_KEY not in client.session


def test_nobody_is_sent_elsewhere_after_the_login() -> None:
    user = make.editor()
    app = with_app(user, NOW - 10 * STEP)
    client = browser()
    first_step(client, next="https://evil.example/")
    assert client.post(CODE, {"code": code_of(app, NOW)})["Location"] == DESK


def test_where_it_is_not_required_a_password_is_enough_unless_there_is_an_app(settings: Settings) -> None:
    settings.TWO_STEP_LOGIN = False
    user = make.editor("ed", make.volume())
    client = browser()
    assert first_step(client)["Location"] == DESK
    assert "Set up two-factor login" in client.get("/admin/account/").content.decode()
    assert client.get(SET_UP).status_code == 200
    with_app(user, NOW - 10 * STEP)
    logs_in(browser(), user, NOW)


# --- resets


def test_s14_a_superuser_resets_somebodys_app_and_their_sessions_end() -> None:
    user, superuser = make.editor(), User.objects.create_superuser("boss", password=PASSWORD)
    theirs, client = browser(), browser()
    for who, where in ((user, theirs), (superuser, client)):
        with_app(who, NOW - 10 * STEP)
        logs_in(where, who, NOW)
    path = f"/admin/proceedings/user/{user.pk}/two-step/"
    assert "all their sessions end" in client.get(path).content.decode()
    assert in_admin(theirs)
    assert client.post(path).status_code == 302
    assert not in_admin(theirs)
    assert two_factor.authenticator_of(user) is None
    assert two_factor.codes_left(user) == 0
    assert LogEntry.objects.filter(object_id=str(user.pk)).latest("pk").change_message == "Two-factor login reset"
    assert theirs.get(SET_UP)["Location"] == LOGIN, "what is left of the session sets nothing up"
    assert first_step(browser())["Location"] == SET_UP


def test_editors_reset_nobody() -> None:
    user = make.editor("ed", make.volume())
    with_app(user, NOW - 10 * STEP)
    client = browser()
    logs_in(client, user, NOW)
    for who in (user, make.editor("other")):
        assert client.post(f"/admin/proceedings/user/{who.pk}/two-step/").status_code == 403
    assert two_factor.authenticator_of(user)


def test_the_command_resets_for_the_last_superuser() -> None:
    user = User.objects.create_superuser("boss", password=PASSWORD)
    with_app(user)
    call_command("reset_two_factor", "boss")
    assert two_factor.authenticator_of(user) is None
    assert "command line" in LogEntry.objects.get().change_message
    with pytest.raises(CommandError, match="no user 'bos'"):
        call_command("reset_two_factor", "bos")


def test_s14_a_session_dies_with_the_account_and_with_staff_status() -> None:
    user = make.editor("ed", make.volume())
    with_app(user, NOW - 10 * STEP)
    client = browser()
    logs_in(client, user, NOW)
    for change in ({"is_active": False}, {"is_active": True, "is_staff": False}):
        User.objects.update(**change)
        assert not in_admin(client)


def test_the_library_shows_no_secrets_in_the_admin() -> None:
    client = browser()
    superuser = User.objects.create_superuser("boss", password=PASSWORD)
    app = with_app(superuser, NOW - 10 * STEP)
    logs_in(client, superuser, NOW)
    assert client.get(f"/admin/otp_totp/totpdevice/{app.pk}/qrcode/").status_code == 404
    page = client.get(f"/admin/proceedings/user/{superuser.pk}/change/").content.decode()
    assert "10 recovery codes left" in page
    assert app.key not in page


# --- one's own account


def test_everyone_sets_their_own_time_zone() -> None:
    user = make.editor("ed", make.volume())
    with_app(user, NOW - 10 * STEP)
    client = browser()
    logs_in(client, user, NOW)
    assert client.post("/admin/account/", {"zone": "Europe/Paris"}).status_code == 302
    user.refresh_from_db()
    assert user.zone == "Europe/Paris"
    page = client.post("/admin/account/", {"zone": "Europe/Atlantis"})
    assert page.status_code == 400
    user.refresh_from_db()
    assert user.zone == "Europe/Paris"


def test_everyone_makes_new_recovery_codes_and_sets_up_another_app() -> None:
    user = make.editor("ed", make.volume())
    with_app(user, NOW - 10 * STEP)
    client = browser()
    logs_in(client, user, NOW)
    page = client.post("/admin/account/", {"codes": "1"}).content.decode()
    (code, *_) = re.findall(r"<li><code>([\w-]+)</code>", page)
    app = two_factor.authenticator_of(user)
    assert app is not None
    assert two_factor.accept_code(app, code, NOW)
    offered = two_factor.read_offer(hidden(client.get(SET_UP).content.decode()), user)
    assert offered is not None
    sent = {"offer": two_factor.sign_offer(offered), "code": code_of(offered, NOW)}
    assert client.post(SET_UP, sent).status_code == 200
    assert two_factor.authenticator_of(user).key == offered.key  # type: ignore[union-attr]
    assert in_admin(client)


# --- rate limits


def test_s11_after_five_wrong_passwords_each_waits_longer() -> None:
    user = make.editor()
    with_app(user, NOW - 10 * STEP)
    now, waits = NOW, []
    for _ in range(9):
        stranger = browser(now)
        while TOO_MANY in first_step(stranger, password="guess").content.decode():
            now += SECOND
            at(stranger, now)
        waits.append(now)
    pauses = [(later - earlier).total_seconds() for earlier, later in pairwise(waits)]
    assert pauses == [0, 0, 0, 0, 2, 4, 8, 16]


def test_s11_a_wait_answers_alike_for_known_and_unknown_and_right_passwords() -> None:
    make.editor()
    answers: dict[str, set[str]] = {}
    for name in ("ed", "nobody-like-that"):
        for _ in range(5):
            page = first_step(browser(), name, "guess").content.decode()
            answers.setdefault("wrong", set()).add(page.replace(f'value="{name}"', "").replace(token(page), ""))
        for password in ("guess", PASSWORD):
            page = first_step(browser(), name, password).content.decode()
            assert "Too many attempts. Try again in 2 seconds." in page
            answers.setdefault("wait", set()).add(page.replace(f'value="{name}"', "").replace(token(page), ""))
        Attempt.objects.filter(limit=login.PASSWORDS_BY_NETWORK.name).delete()
    assert {what: len(pages) for what, pages in answers.items()} == {"wrong": 1, "wait": 1}


def token(page: str) -> str:
    return str(re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[0])


def test_s11_nobody_keeps_others_out_by_guessing() -> None:
    user = make.editor()
    with_app(user, NOW - 10 * STEP)
    own = browser()
    logs_in(own, user, NOW)
    own.post("/admin/logout/")
    later = NOW + timedelta(hours=1)
    for _ in range(40):
        first_step(browser(later, REMOTE_ADDR="192.0.2.66"), password="guess")
        first_step(browser(later), password="guess")
    assert TOO_MANY in first_step(browser(later, REMOTE_ADDR="198.51.100.1")).content.decode()
    logs_in(own, user, later)


def test_s11_the_mark_of_a_known_browser_is_good_for_one_account() -> None:
    user = make.editor()
    with_app(user, NOW - 10 * STEP)
    make.editor("other")
    own = browser()
    logs_in(own, user, NOW)
    later = NOW + timedelta(hours=1)
    for _ in range(5):
        first_step(browser(later), "other", "guess")
    assert TOO_MANY in first_step(at(own, later), "other").content.decode()


def test_s11_one_address_that_tries_many_accounts_is_slowed_down_and_others_are_not() -> None:
    user = make.editor()
    for number in range(20):
        assert TOO_MANY not in first_step(browser(), f"user{number}").content.decode()
    assert TOO_MANY in first_step(browser()).content.decode()
    elsewhere = browser(REMOTE_ADDR="192.0.2.9")
    assert first_step(elsewhere, user.username).status_code == 302


def test_s11_a_successful_login_does_not_use_up_the_address() -> None:
    user = make.editor()
    for _ in range(30):
        assert first_step(browser(), user.username).status_code == 302
    assert not Attempt.objects.exists()


def test_s11_ipv6_counts_by_the_network() -> None:
    for number in range(20):
        first_step(browser(REMOTE_ADDR=f"2001:db8::{number:x}"), f"user{number}")
    assert TOO_MANY in first_step(browser(REMOTE_ADDR="2001:db8::ffff:1")).content.decode()
    assert TOO_MANY not in first_step(browser(REMOTE_ADDR="2001:db8:1::1")).content.decode()


def test_s11_codes_are_slowed_down_too() -> None:
    user = make.editor()
    app = with_app(user, NOW - 10 * STEP)
    client = browser()
    first_step(client)
    for _ in range(5):
        assert "The code is wrong" in client.post(CODE, {"code": "1234"}).content.decode()
    assert TOO_MANY in client.post(CODE, {"code": code_of(app, NOW)}).content.decode()
    at(client, NOW + 2 * SECOND)
    assert client.post(CODE, {"code": code_of(app, NOW)})["Location"] == DESK


def test_s11_what_is_counted_lies_in_the_database_and_names_nobody() -> None:
    first_step(browser(), "ed", "guess")
    assert sorted(Attempt.objects.values_list("limit", flat=True)) == ["password", "password-from"]
    stored = repr(list(Attempt.objects.values()))
    assert "127.0.0.1" not in stored
    assert "ed" not in Attempt.objects.values_list("subject", flat=True)


# --- in production


def test_production_without_a_second_step_is_an_error(settings: Settings) -> None:
    assert ids(checks.check_two_factor_login()) == []
    settings.TWO_STEP_LOGIN = False
    assert ids(checks.check_two_factor_login()) == ["proceedings.E001"]
    settings.DEBUG = True
    assert ids(checks.check_two_factor_login()) == []


def ids(found: list[CheckMessage]) -> list[str | None]:
    return [message.id for message in found]


def test_who_loses_staff_between_the_steps_gets_no_further(client: Client) -> None:
    user = make.editor("ed")
    app = with_app(user)
    assert first_step(at(client, NOW + STEP))["Location"] == CODE
    User.objects.update(is_staff=False)
    client.post(CODE, {"code": code_of(app, NOW + STEP)})
    assert "_auth_user_id" not in client.session
    assert not in_admin(client)
