"""Staff with an authenticator app, as tests need them."""

from datetime import datetime

from django_otp.oath import TOTP

from proceedings.accounts import two_factor
from proceedings.models import Authenticator, User
from tests.make import NOW


def code_of(app: Authenticator, at: datetime) -> str:
    """What the app shows at that moment."""
    clock = TOTP(app.bin_key)
    clock.time = at.timestamp()
    return f"{clock.token():06}"


def with_app(user: User, now: datetime = NOW) -> Authenticator:
    """`user` sets up an app at `now`."""
    offered = two_factor.new_offer(user)
    assert two_factor.activate(offered, code_of(offered, now), now)
    return offered
