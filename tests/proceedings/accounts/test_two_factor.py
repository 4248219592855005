"""Codes of an authenticator and recovery codes: which open, and that each opens once."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django_otp.oath import TOTP
from hypothesis import given
from hypothesis import strategies as st

from proceedings.accounts import two_factor
from proceedings.models import Authenticator, RecoveryCode, User
from tests import make
from tests.make import NOW
from tests.proceedings.staff import code_of, with_app

STEP = timedelta(seconds=30)


@pytest.fixture
def app(db: None) -> Authenticator:
    return with_app(make.editor(), NOW - 10 * STEP)


@pytest.mark.parametrize(
    ("at", "code"), [(59, "94287082"), (1111111109, "07081804"), (1234567890, "89005924"), (20000000000, "65353130")]
)
def test_the_codes_are_those_of_rfc_6238(at: int, code: str) -> None:
    """Appendix B, SHA-1; the library's own, once, since everything rests on it."""
    clock = TOTP(b"12345678901234567890", digits=8)
    clock.time = at
    assert f"{clock.token():08}" == code


def test_the_code_of_now_opens_once(app: Authenticator) -> None:
    assert two_factor.use_code(app, code_of(app, NOW), NOW)
    assert not two_factor.use_code(app, code_of(app, NOW), NOW), "the same row, as it was read"
    app.refresh_from_db()
    assert not two_factor.use_code(app, code_of(app, NOW), NOW + timedelta(seconds=5))
    assert two_factor.use_code(app, code_of(app, NOW + STEP), NOW + STEP)


@pytest.mark.parametrize(("late", "opens"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_clock_may_be_one_step_early_or_late(late: int, opens: bool, app: Authenticator) -> None:
    assert two_factor.use_code(app, code_of(app, NOW + late * STEP), NOW) is opens


def test_an_earlier_code_than_the_last_opens_nothing(app: Authenticator) -> None:
    assert two_factor.use_code(app, code_of(app, NOW), NOW)
    assert not two_factor.use_code(app, code_of(app, NOW - STEP), NOW)


def test_blanks_and_hyphens_do_not_matter(app: Authenticator) -> None:
    code = code_of(app, NOW)
    assert two_factor.use_code(app, f" {code[:3]} {code[3:]} ", NOW)


@given(st.text(max_size=40))
def test_no_other_text_opens(text: str) -> None:
    offered = Authenticator(key="00" * 20, tolerance=1)
    right = {code_of(offered, NOW + late * STEP) for late in (-1, 0, 1)}
    step = two_factor.step_of(offered, two_factor.normalize(text), NOW)
    assert (step is not None) == (two_factor.normalize(text) in right)


@pytest.mark.django_db
def test_setting_up_needs_the_code_and_uses_it() -> None:
    user = make.editor()
    offered = two_factor.offer(user)
    assert two_factor.set_up(offered, "000000" if code_of(offered, NOW) != "000000" else "000001", NOW) == []
    assert not Authenticator.objects.exists()
    codes = two_factor.set_up(offered, code_of(offered, NOW), NOW)
    assert len(set(codes)) == 10
    app = two_factor.authenticator_of(user)
    assert app is not None
    assert not two_factor.use_code(app, code_of(app, NOW), NOW)


@pytest.mark.django_db
def test_the_table_alone_makes_no_code() -> None:
    user = make.editor()
    app = with_app(user)
    stored = repr(list(Authenticator.objects.values())) + repr(list(RecoveryCode.objects.values()))
    assert two_factor.as_text(app).replace(" ", "") not in stored
    assert app.bin_key.hex() not in stored
    codes = two_factor.renew_codes(user)
    stored = repr(list(RecoveryCode.objects.values()))
    assert not any(code in stored or two_factor.normalize(code) in stored for code in codes)


def test_a_recovery_code_opens_once_however_it_is_written(app: Authenticator) -> None:
    first, second, *_ = two_factor.renew_codes(app.user)
    assert two_factor.use_code(app, first.upper().replace("-", " "), NOW)
    assert not two_factor.use_code(app, first, NOW)
    assert two_factor.use_code(app, second, NOW)
    assert two_factor.codes_left(app.user) == 8


def test_new_recovery_codes_replace_the_old_ones(app: Authenticator) -> None:
    old = two_factor.renew_codes(app.user)
    two_factor.renew_codes(app.user)
    assert not any(two_factor.use_code(app, code, NOW) for code in old)
    assert two_factor.codes_left(app.user) == 10


def test_nobody_uses_another_persons_recovery_code(app: Authenticator) -> None:
    theirs = two_factor.renew_codes(make.editor("other"))
    assert not any(two_factor.use_code(app, code, NOW) for code in theirs)


def test_another_app_replaces_the_first(app: Authenticator) -> None:
    second = with_app(app.user, NOW)
    assert two_factor.authenticator_of(app.user) == second
    assert not Authenticator.objects.filter(pk=app.pk).exists()


@pytest.mark.django_db
def test_an_offer_is_for_one_person_and_not_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    user, other = make.editor(), make.editor("other")
    offered = two_factor.offer(user)
    text = two_factor.signed_offer(offered)
    again = two_factor.offer_in(text, user)
    assert again is not None
    assert again.key == offered.key
    assert two_factor.offer_in(text, other) is None
    assert two_factor.offer_in(text[:-1], user) is None
    later = datetime.now(UTC) + timedelta(seconds=two_factor.OFFER_LIFETIME + 5)
    monkeypatch.setattr("django.core.signing.time.time", later.timestamp)
    assert two_factor.offer_in(text, user) is None


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("committed")
def test_of_two_with_the_same_code_one_comes_in() -> None:
    user = make.editor()
    app = with_app(user, NOW - 10 * STEP)
    (recovery, *_), code = two_factor.renew_codes(user), code_of(app, NOW)
    start, came_in = threading.Barrier(6), []

    def run(typed: str) -> None:
        mine = Authenticator.objects.get(pk=app.pk)
        start.wait(10)
        came_in.append(typed if two_factor.use_code(mine, typed, NOW) else "")
        connection.close()

    threads = [threading.Thread(target=run, args=(typed,)) for typed in (code, recovery) * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(came_in) == ["", "", "", "", *sorted([code, recovery])]


@pytest.mark.django_db
def test_the_picture_is_an_svg_without_style_or_script() -> None:
    picture = two_factor.as_picture(two_factor.offer(User(username="Ed & Co")))
    assert picture.startswith("<svg")
    assert "style" not in picture
    assert "script" not in picture
