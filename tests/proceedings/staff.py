"""Staff with an authenticator app, for tests."""

from datetime import datetime

from django_otp.oath import TOTP

from proceedings.accounts import two_factor
from proceedings.models import Authenticator, User
from tests.make import NOW


def code_of(app: Authenticator, at: datetime) -> str:
    """Returns the app's code at a time."""
    clock = TOTP(app.bin_key)
    clock.time = at.timestamp()
    return f"{clock.token():06}"


def with_app(user: User, now: datetime = NOW) -> Authenticator:
    """Sets up an app for `user` at `now`."""
    offered = two_factor.new_offer(user)
    assert two_factor.activate(offered, code_of(offered, now), now)
    return offered
