"""How staff come in: a password, then a code, each slowed down where somebody guesses.

Nobody is logged in before the second step. That the first was taken is kept in the session for a few minutes, and with
it whoever has no authenticator may set one up and do nothing else.
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import auth
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.views import LoginView
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.crypto import constant_time_compare, get_random_string

from proceedings.accounts import two_factor
from proceedings.models import Authenticator, User
from proceedings.web import rate_limits
from proceedings.web.rate_limits import Slowdown
from proceedings.web.request_info import network_of, now_of

PASSWORDS = Slowdown("password", 5, timedelta(seconds=2), timedelta(minutes=15))
"""Of one account, by browsers that have never been in it. A browser that has been is counted for itself, so nobody
keeps others out by guessing."""
PLACES = Slowdown("password-from", 20, timedelta(seconds=2), timedelta(minutes=15))
"""Of one address of the network, whatever the account."""
CODES = Slowdown("code", 5, timedelta(seconds=2), timedelta(minutes=15))
"""Of one account whose password is known."""

HALF = "desk.half"
HALF_LASTS = timedelta(minutes=10)
KNOWN_LASTS = timedelta(days=180)
BACKEND = "django.contrib.auth.backends.ModelBackend"


# --- slowed down


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who tries to get into the account `name`: a browser that has been there before, or a stranger from somewhere."""

    name: str
    known: str
    network: str | None

    @classmethod
    def of(cls, request: HttpRequest, name: str) -> "Visitor":
        name = name.strip().casefold()
        return cls(name, known_browser(request, name), network_of(request))

    @property
    def account(self) -> str:
        return f"{self.name} {self.known}"

    def knock(self, now: datetime) -> timedelta:
        """Counts a try, unless it comes too soon: then says how long to wait."""
        if not self.known and (wait := rate_limits.record_attempt(PLACES, self.network, now)):
            return wait
        wait = rate_limits.record_attempt(PASSWORDS, self.account, now)
        if wait:
            self.give_back_place()
        return wait

    def was_right(self) -> None:
        rate_limits.clear_attempts(PASSWORDS, self.account)
        self.give_back_place()

    def give_back_place(self) -> None:
        """Only the last: the others are of other people behind this address."""
        if not self.known:
            rate_limits.clear_attempts(PLACES, self.network, last_only=True)


def known_browser(request: HttpRequest, name: str) -> str:
    """What tells this browser from others that have been in the account `name`; empty for one that never was."""
    try:
        text = request.COOKIES.get(settings.KNOWN_COOKIE_NAME, "")
        account, mark = signing.loads(text, salt=settings.KNOWN_COOKIE_NAME, max_age=KNOWN_LASTS)
    except (signing.BadSignature, ValueError, TypeError):
        return ""
    return str(mark) if account == rate_limits.key(PASSWORDS, name) else ""


def make_known(response: HttpResponse, user: User) -> None:
    """Lets the browser show later that it has been in this account. It opens nothing."""
    account = rate_limits.key(PASSWORDS, user.get_username().casefold())
    response.set_cookie(
        settings.KNOWN_COOKIE_NAME,
        signing.dumps([account, get_random_string(12)], salt=settings.KNOWN_COOKIE_NAME),
        max_age=KNOWN_LASTS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def too_soon(wait: timedelta) -> forms.ValidationError:
    seconds = math.ceil(wait.total_seconds())
    words = f"{seconds} second{'s' * (seconds != 1)}" if seconds < 120 else f"{math.ceil(seconds / 60)} minutes"
    return forms.ValidationError(f"Too many tries. Wait {words}, then try again.")


# --- the first step


class PasswordForm(AdminAuthenticationForm):
    """Says the same to whoever is not let in, whether there is such an account or not."""

    def clean(self) -> dict[str, Any]:
        visitor = Visitor.of(self.request, self.cleaned_data.get("username", ""))  # type: ignore[arg-type]
        if wait := visitor.knock(now_of(self.request)):  # type: ignore[arg-type]
            raise too_soon(wait)
        cleaned: dict[str, Any] = super().clean()
        visitor.was_right()
        return cleaned


class FirstStep(LoginView):
    authentication_form = PasswordForm
    template_name = "admin/login.html"

    def form_valid(self, form: Any) -> HttpResponse:
        user, to = form.get_user(), self.get_success_url()
        has_second = two_factor.authenticator_of(user) is not None
        if not has_second and not settings.TWO_STEP_LOGIN:
            return let_in(self.request, user, None, HttpResponseRedirect(to))
        begin(self.request, user, to)
        return HttpResponseRedirect(reverse("admin:login_code" if has_second else "admin:two_step"))


def begin(request: HttpRequest, user: User, to: str) -> None:
    """Keeps in a fresh session that `user` has taken the first step."""
    request.session.flush()
    until = now_of(request) + HALF_LASTS
    request.session[HALF] = [user.pk, user.get_session_auth_hash(), until.timestamp(), to]


def half_of(request: HttpRequest) -> tuple[User, str] | None:
    """Who has just taken the first step here, and where they want to go. A changed password undoes it."""
    if HALF not in request.session:
        return None
    pk, digest, until, to = request.session[HALF]
    user = User.objects.filter(pk=pk, is_active=True, is_staff=True).first()
    late = now_of(request).timestamp() >= until
    if user is None or late or not constant_time_compare(digest, user.get_session_auth_hash()):
        return None
    return user, to


def let_in(
    request: HttpRequest, user: User, authenticator: Authenticator | None, response: HttpResponse
) -> HttpResponse:
    """Logs `user` in. Only here."""
    auth.login(request, user, backend=BACKEND)
    request.session.pop(HALF, None)
    if authenticator:
        two_factor.note(request, authenticator)
    make_known(response, user)
    return response
