"""Staff login: a password, then a code, each with increasing delays against guessing.

Nobody is logged in before the code. The session stores for a few minutes that the password was right. With it, a user
without an authenticator may set one up, and nothing else.
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
"""For one account, by browsers that never logged in to it. A known browser has its own count, so that guessing cannot
lock the user out."""
NETWORKS = Slowdown("password-from", 20, timedelta(seconds=2), timedelta(minutes=15))
"""For one network address, for all accounts."""
CODES = Slowdown("code", 5, timedelta(seconds=2), timedelta(minutes=15))
"""For one account after the right password."""

PENDING_KEY = "desk.half"
PENDING_LIFETIME = timedelta(minutes=10)
KNOWN_LIFETIME = timedelta(days=180)
BACKEND = "django.contrib.auth.backends.ModelBackend"


# --- delays against guessing


@dataclass(frozen=True, slots=True)
class Visitor:
    """A login attempt for the account `name`, by a known browser or from a network address."""

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

    def record_attempt(self, now: datetime) -> timedelta:
        """Counts an attempt. If it comes too soon, returns the time to wait instead."""
        if not self.known and (wait := rate_limits.record_attempt(NETWORKS, self.network, now)):
            return wait
        wait = rate_limits.record_attempt(PASSWORDS, self.account, now)
        if wait:
            self.undo_network_attempt()
        return wait

    def record_success(self) -> None:
        rate_limits.clear_attempts(PASSWORDS, self.account)
        self.undo_network_attempt()

    def undo_network_attempt(self) -> None:
        """Removes the last attempt only: the others may be other people behind the same address."""
        if not self.known:
            rate_limits.clear_attempts(NETWORKS, self.network, last_only=True)


def known_browser(request: HttpRequest, name: str) -> str:
    """The mark of a browser that logged in to the account `name` before; else empty."""
    try:
        text = request.COOKIES.get(settings.KNOWN_COOKIE_NAME, "")
        account, mark = signing.loads(text, salt=settings.KNOWN_COOKIE_NAME, max_age=KNOWN_LIFETIME)
    except (signing.BadSignature, ValueError, TypeError):
        return ""
    return str(mark) if account == rate_limits.key(PASSWORDS, name) else ""


def remember_browser(response: HttpResponse, user: User) -> None:
    """Sets a cookie by which the browser is known later. It gives no access."""
    account = rate_limits.key(PASSWORDS, user.get_username().casefold())
    response.set_cookie(
        settings.KNOWN_COOKIE_NAME,
        signing.dumps([account, get_random_string(12)], salt=settings.KNOWN_COOKIE_NAME),
        max_age=KNOWN_LIFETIME,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def too_many_attempts(wait: timedelta) -> forms.ValidationError:
    seconds = math.ceil(wait.total_seconds())
    duration = f"{seconds} second{'s' * (seconds != 1)}" if seconds < 120 else f"{math.ceil(seconds / 60)} minutes"
    return forms.ValidationError(f"Too many attempts. Try again in {duration}.")


# --- the password


class PasswordForm(AdminAuthenticationForm):
    """Shows the same error whether the account exists or not."""

    def clean(self) -> dict[str, Any]:
        visitor = Visitor.of(self.request, self.cleaned_data.get("username", ""))  # type: ignore[arg-type]
        if wait := visitor.record_attempt(now_of(self.request)):  # type: ignore[arg-type]
            raise too_many_attempts(wait)
        cleaned: dict[str, Any] = super().clean()
        visitor.record_success()
        return cleaned


class PasswordView(LoginView):
    authentication_form = PasswordForm
    template_name = "admin/login.html"

    def form_valid(self, form: Any) -> HttpResponse:
        user, to = form.get_user(), self.get_success_url()
        has_authenticator = two_factor.authenticator_of(user) is not None
        if not has_authenticator and not settings.TWO_STEP_LOGIN:
            return log_in(self.request, user, None, HttpResponseRedirect(to))
        start_two_factor(self.request, user, to)
        return HttpResponseRedirect(reverse("admin:login_code" if has_authenticator else "admin:two_factor"))


def start_two_factor(request: HttpRequest, user: User, to: str) -> None:
    """Stores in a new session that `user` gave the right password."""
    request.session.flush()
    until = now_of(request) + PENDING_LIFETIME
    request.session[PENDING_KEY] = [user.pk, user.get_session_auth_hash(), until.timestamp(), to]


def pending_login(request: HttpRequest) -> tuple[User, str] | None:
    """The user who gave the right password in this session, and the target URL. None once expired."""
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
    """Logs `user` in. The only place that does."""
    auth.login(request, user, backend=BACKEND)
    request.session.pop(PENDING_KEY, None)
    if authenticator:
        two_factor.mark_verified(request, authenticator)
    remember_browser(response, user)
    return response
