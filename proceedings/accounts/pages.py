"""Pages of the login: the code, setting up an authenticator app, a forgotten password, one's own account."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.views import PasswordResetConfirmView
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from proceedings.accounts import login, password_reset, two_factor
from proceedings.models import User
from proceedings.models.address_field import AddressFormField
from proceedings.web import rate_limits
from proceedings.web.request_info import network_of, now_of

CONTINENTS = {"Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"}
FEW_CODES = 4
"""With fewer recovery codes than this, the user is warned."""


class CodeForm(forms.Form):
    code = forms.CharField(
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "autofocus": True, "spellcheck": "false"}),
        error_messages={"required": "Enter the code."},
    )


class ZoneForm(forms.ModelForm):  # type: ignore[type-arg]  # ModelForm cannot be subscripted at run time
    class Meta:
        model = User
        fields = ["zone"]

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["zone"] = forms.ChoiceField(
            choices=zone_choices(self.instance.zone),
            label="Time zone",
            help_text="We show times in this zone beside UTC.",
        )


def zone_choices(present: str) -> list[Any]:
    """Returns the time zones to choose from, by continent. The `present` one is always among them."""
    places: dict[str, list[tuple[str, str]]] = {}
    for zone in sorted(available_timezones()):
        continent, _, place = zone.partition("/")
        if place and continent in CONTINENTS:
            places.setdefault(continent, []).append((zone, place.replace("_", " ").replace("/", ", ")))
    others = sorted({"UTC", present} - {zone for known in places.values() for zone, _ in known})
    return [*((zone, zone) for zone in others), *places.items()]


class LoginPages(AdminSite):
    """An admin site with two-factor login. Where it is required, a user without a second step has no permissions."""

    def has_permission(self, request: HttpRequest) -> bool:
        verified = getattr(request.user, "otp_device", None) is not None  # set by the django-otp middleware
        return super().has_permission(request) and (verified or not settings.TWO_STEP_LOGIN)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        own: list[URLPattern | URLResolver] = [
            path("login/code/", self.code_page, name="login_code"),
            path("two-step/", self.two_factor_page, name="two_factor"),
            path("account/", self.admin_view(self.account_page), name="account"),
            path("password_reset/", self.reset_page, name="password_reset"),
            path("reset/<uidb64>/<token>/", self.new_password_page, name="password_reset_confirm"),
        ]
        return own + super().get_urls()

    @method_decorator(never_cache)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if request.method == "GET" and self.has_permission(request):
            return HttpResponseRedirect(reverse("admin:index"))
        context = {**self.each_context(request), "title": "Log in", "app_path": request.get_full_path()}
        to = request.GET.get("next") or request.POST.get("next") or reverse("admin:index")
        return login.PasswordView.as_view(extra_context=context | {"next": to} | (extra_context or {}))(request)  # type: ignore[return-value]

    @staticmethod
    def user_of(request: HttpRequest) -> User:
        """Returns a new instance, because `request.user` is a lazy wrapper."""
        return User.objects.get(username=request.user.get_username())

    def anonymous_context(self, request: HttpRequest, **more: Any) -> dict[str, Any]:
        """Returns the template context for users who are not logged in."""
        return {**self.each_context(request), "has_permission": False, **more}

    @method_decorator([never_cache, sensitive_post_parameters()])
    def code_page(self, request: HttpRequest) -> HttpResponse:
        """The second step: a code of the authenticator app, or a recovery code."""
        pending = login.pending_login(request)
        authenticator = two_factor.authenticator_of(pending[0]) if pending else None
        if pending is None or authenticator is None:
            return redirect_to_login(
                request, "Your login expired. Log in again." if login.PENDING_KEY in request.session else ""
            )
        user, to = pending
        form = CodeForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            visitor, now = login.Visitor.of(request, user.get_username()), now_of(request)
            if wait := rate_limits.record_attempt(login.CODES_BY_ACCOUNT, visitor.account, now):
                form.add_error("code", login.wait_error(wait))
            elif not two_factor.accept_code(authenticator, form.cleaned_data["code"], now):
                form.add_error(
                    "code", "The code is wrong or was used already. Wait for the next code, or use a recovery code."
                )
            else:
                rate_limits.clear_attempts(login.CODES_BY_ACCOUNT, visitor.account)
                self.warn_if_few_codes(request, user)
                return login.log_in(request, user, authenticator, HttpResponseRedirect(to))
        context = self.anonymous_context(request, form=form, title="Log in")
        return render(request, "admin/login_code.html", context, status=400 if form.errors else 200)

    @staticmethod
    def warn_if_few_codes(request: HttpRequest, user: User) -> None:
        left = two_factor.codes_left(user)
        if left < FEW_CODES:
            messages.warning(request, f"You have {left} recovery codes left. Make new ones under “Your account”.")

    @method_decorator([never_cache, sensitive_post_parameters()])
    def two_factor_page(self, request: HttpRequest) -> HttpResponse:
        """Sets up an authenticator app: shows a QR code, checks a code, then shows ten recovery codes."""
        pending = login.pending_login(request)
        if pending is None and not self.has_permission(request):
            return redirect_to_login(request)
        user, to = pending or (self.user_of(request), reverse("admin:account"))
        if pending and two_factor.authenticator_of(
            user
        ):  # an existing app is not replaced before the login is complete
            return HttpResponseRedirect(reverse("admin:login_code"))
        posted = request.method == "POST"
        offered = two_factor.read_offer(request.POST.get("offer", ""), user) if posted else None
        form = CodeForm(request.POST if posted else None)
        if posted and offered is None:
            form.add_error("code", "This page expired. Scan the new QR code.")
        elif offered and form.is_valid():
            codes = two_factor.activate(offered, form.cleaned_data["code"], now_of(request))
            if codes:
                response = self.codes_page(request, user, codes, to, "Two-factor login set up")
                return login.log_in(request, user, offered, response)
            form.add_error(
                "code", "The code is wrong. Check that your phone’s time is right, and enter the current code."
            )
        offered = offered or two_factor.new_offer(user)
        context = self.anonymous_context(request, form=form, title="Set up two-factor login") | {
            "has_permission": pending is None,
            "picture": two_factor.qr_code(offered),
            "secret": two_factor.secret_text(offered),
            "offer": two_factor.sign_offer(offered),
            "required": pending is not None,
        }
        return render(request, "admin/two_factor.html", context, status=400 if form.errors else 200)

    def codes_page(self, request: HttpRequest, user: User, codes: list[str], to: str, done: str) -> HttpResponse:
        """Shows the recovery codes once."""
        record_change(user, by=user, what=done)
        context = {**self.each_context(request), "has_permission": False, "codes": codes, "to": to}
        return render(request, "admin/recovery_codes.html", context | {"title": "Your recovery codes"})

    @method_decorator(never_cache)
    def account_page(self, request: HttpRequest) -> HttpResponse:
        """The user's own settings."""
        user = self.user_of(request)
        authenticator = two_factor.authenticator_of(user)
        if "codes" in request.POST and authenticator:
            codes = two_factor.renew_codes(user)
            return self.codes_page(request, user, codes, request.path, "New recovery codes")
        form = ZoneForm(request.POST if "zone" in request.POST else None, instance=user)
        if form.is_valid():
            form.save()
            messages.success(request, "Saved.")
            return HttpResponseRedirect(request.path)
        context = {
            **self.each_context(request),
            "form": form,
            "authenticator": authenticator,
            "codes_left": two_factor.codes_left(user),
            "title": "Your account",
        }
        return render(request, "admin/account.html", context, status=400 if form.errors else 200)

    @method_decorator(never_cache)
    def reset_page(self, request: HttpRequest) -> HttpResponse:
        """Stores a request for a new password. The answer is the same whether the account exists or not."""
        form = ResetForm(request.POST if request.method == "POST" else None)
        sent = False
        if form.is_valid():
            sent = rate_limits.use_limit(password_reset.REQUESTS_BY_NETWORK, network_of(request), now_of(request))
            if sent:
                password_reset.request_reset(form.cleaned_data["email"], now_of(request))
            else:
                form.add_error(None, "Too many requests. Try again in an hour.")
        context = self.anonymous_context(request, form=form, sent=sent, title="Reset your password")
        return render(request, "admin/password_reset.html", context, status=400 if form.errors else 200)

    def new_password_page(self, request: HttpRequest, uidb64: str, token: str) -> HttpResponseBase:
        context = self.anonymous_context(request)
        return NewPasswordView.as_view(extra_context=context)(request, uidb64=uidb64, token=token)


class ResetForm(forms.Form):
    email = AddressFormField(label="Email address", widget=forms.EmailInput(attrs={"autocomplete": "email"}))


class NewPasswordView(PasswordResetConfirmView):
    """Sets a new password once, by the emailed link. The second step is still required."""

    title = "Set a new password"
    template_name = "admin/new_password.html"

    def get_success_url(self) -> str:
        return reverse("admin:login")

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        messages.success(self.request, "Password changed. Log in with your new password.")
        login.set_known_cookie(response, form.user)  # the user can read the account's email, so this is no guess
        return response


def record_change(user: User, *, by: User, what: str) -> None:
    """Adds an entry to the admin history of `user`."""
    LogEntry.objects.log_actions(by.pk, [user], CHANGE, what, single_object=True)


def redirect_to_login(request: HttpRequest, why: str = "") -> HttpResponse:
    if why:
        messages.warning(request, why)
    return HttpResponseRedirect(reverse("admin:login"))
