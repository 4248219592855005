"""Staff login: a password, then a code. Failed attempts slow down further ones.

Django logs the user in only after the second step. The session remembers the first step for some minutes. A user
without an authenticator app can only set one up in that time.
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

PASSWORDS_BY_ACCOUNT = Slowdown("password", 5, timedelta(seconds=2), timedelta(minutes=15))
"""Password attempts per account, from browsers that have never logged in to it. Known browsers are counted separately,
so that guessing locks nobody out.
"""
PASSWORDS_BY_NETWORK = Slowdown("password-from", 20, timedelta(seconds=2), timedelta(minutes=15))
"""Password attempts per network address, for all accounts."""
CODES_BY_ACCOUNT = Slowdown("code", 5, timedelta(seconds=2), timedelta(minutes=15))
"""Code attempts per account whose password was correct."""

PENDING_KEY = "desk.half"
PENDING_LIFETIME = timedelta(minutes=10)
KNOWN_BROWSER_LIFETIME = timedelta(days=180)
BACKEND = "django.contrib.auth.backends.ModelBackend"


# --- rate limits


@dataclass(frozen=True, slots=True)
class Visitor:
    """A browser that tries to log in to the account `name`. `known` is empty unless it has logged in to it before."""

    name: str
    known: str
    network: str | None

    @classmethod
    def of(cls, request: HttpRequest, name: str) -> "Visitor":
        name = name.strip().casefold()
        return cls(name, known_browser_id(request, name), network_of(request))

    @property
    def account(self) -> str:
        return f"{self.name} {self.known}"

    def record_attempt(self, now: datetime) -> timedelta:
        """Records an attempt and returns 0. If it comes too early, returns the time to wait and records nothing."""
        if not self.known and (wait := rate_limits.record_attempt(PASSWORDS_BY_NETWORK, self.network, now)):
            return wait
        wait = rate_limits.record_attempt(PASSWORDS_BY_ACCOUNT, self.account, now)
        if wait:
            self.clear_network_attempt()
        return wait

    def clear_attempts(self) -> None:
        rate_limits.clear_attempts(PASSWORDS_BY_ACCOUNT, self.account)
        self.clear_network_attempt()

    def clear_network_attempt(self) -> None:
        """Deletes only the last attempt: the others may come from other people behind this address."""
        if not self.known:
            rate_limits.clear_attempts(PASSWORDS_BY_NETWORK, self.network, last_only=True)


def known_browser_id(request: HttpRequest, name: str) -> str:
    """Returns the random ID of a browser that has logged in to the account `name`, else an empty text."""
    try:
        text = request.COOKIES.get(settings.KNOWN_COOKIE_NAME, "")
        account, mark = signing.loads(text, salt=settings.KNOWN_COOKIE_NAME, max_age=KNOWN_BROWSER_LIFETIME)
    except (signing.BadSignature, ValueError, TypeError):
        return ""
    return str(mark) if account == rate_limits.subject_digest(PASSWORDS_BY_ACCOUNT, name) else ""


def set_known_cookie(response: HttpResponse, user: User) -> None:
    """Sets a cookie by which the browser proves that it has logged in to this account. It grants no access."""
    account = rate_limits.subject_digest(PASSWORDS_BY_ACCOUNT, user.get_username().casefold())
    response.set_cookie(
        settings.KNOWN_COOKIE_NAME,
        signing.dumps([account, get_random_string(12)], salt=settings.KNOWN_COOKIE_NAME),
        max_age=KNOWN_BROWSER_LIFETIME,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def wait_error(wait: timedelta) -> forms.ValidationError:
    seconds = math.ceil(wait.total_seconds())
    duration = f"{seconds} second{'s' * (seconds != 1)}" if seconds < 120 else f"{math.ceil(seconds / 60)} minutes"
    return forms.ValidationError(f"Too many attempts. Try again in {duration}.")


# --- first step


class PasswordForm(AdminAuthenticationForm):
    """Shows the same error whether the account exists or not."""

    def clean(self) -> dict[str, Any]:
        visitor = Visitor.of(self.request, self.cleaned_data.get("username", ""))  # type: ignore[arg-type]
        if wait := visitor.record_attempt(now_of(self.request)):  # type: ignore[arg-type]
            raise wait_error(wait)
        cleaned: dict[str, Any] = super().clean()
        visitor.clear_attempts()
        return cleaned


class PasswordView(LoginView):
    authentication_form = PasswordForm
    template_name = "admin/login.html"

    def form_valid(self, form: Any) -> HttpResponse:
        user, to = form.get_user(), self.get_success_url()
        has_authenticator = two_factor.authenticator_of(user) is not None
        if not has_authenticator and not settings.TWO_STEP_LOGIN:
            return log_in(self.request, user, None, HttpResponseRedirect(to))
        begin_login(self.request, user, to)
        return HttpResponseRedirect(reverse("admin:login_code" if has_authenticator else "admin:two_factor"))


def begin_login(request: HttpRequest, user: User, to: str) -> None:
    """Stores in a new session that `user` has passed the first step."""
    request.session.flush()
    until = now_of(request) + PENDING_LIFETIME
    request.session[PENDING_KEY] = [user.pk, user.get_session_auth_hash(), until.timestamp(), to]


def pending_login(request: HttpRequest) -> tuple[User, str] | None:
    """Returns the user who has passed the first step and the page they want. A changed password ends it."""
    if PENDING_KEY not in request.session:
        return None
    pk, digest, until, to = request.session[PENDING_KEY]
    user = User.objects.filter(pk=pk, is_active=True, is_staff=True).first()
    expired = now_of(request).timestamp() >= until
    if user is None or expired or not constant_time_compare(digest, user.get_session_auth_hash()):
        return None
    return user, to


def log_in(
    request: HttpRequest, user: User, authenticator: Authenticator | None, response: HttpResponse
) -> HttpResponse:
    """Logs `user` in. No other function does."""
    auth.login(request, user, backend=BACKEND)
    request.session.pop(PENDING_KEY, None)
    if authenticator:
        two_factor.mark_verified(request, authenticator)
    set_known_cookie(response, user)
    return response
