"""The pause of one agreement, on its own page."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from agreements import lifecycle
from agreements.admin.format import actor
from agreements.domain.schedule import FOREVER
from agreements.domain.states import Status
from agreements.models import Agreement
from proceedings.accounts.permissions import OwnVolumes


class PauseForm(forms.Form):
    """The day on which reminders resume; empty until an editor resumes them."""

    until = forms.DateField(
        required=False,
        label="Resume reminders on",
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Leave empty to pause until an editor resumes them.",
    )

    def clean_until(self) -> date | None:
        day: date | None = self.cleaned_data["until"]
        if day and day <= timezone.now().date():
            raise forms.ValidationError("Enter a future day, or leave this empty.")
        return day

    def moment(self, zone: str) -> datetime | None:
        """The first instant of that day in `zone`."""
        day = self.cleaned_data["until"]
        return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC) if day else None


class AgreementPauses(OwnVolumes):
    """The pause of one agreement, on its own page."""

    get_or_404: Callable[..., Agreement]

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.pause_page)
        return [path("<int:pk>/remind/pause/", page, name="agreements_agreement_pause"), *super().get_urls()]

    def pause_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Pauses until the day entered; a POST with ``resume`` resumes at once."""
        agreement = self.get_or_404(request, pk, to_change=True)
        back = reverse("admin:agreements_agreement_change", args=[pk])
        if agreement.status != Status.ISSUED:
            self.message_user(
                request, "This agreement is not awaiting a signature, so it has no reminders to pause.", messages.ERROR
            )
            return HttpResponseRedirect(back)
        form = PauseForm(request.POST if request.method == "POST" and "resume" not in request.POST else None)
        if request.method == "POST" and (not form.is_bound or form.is_valid()):
            now = timezone.now()
            if form.is_bound:
                until = form.moment(agreement.paper.volume.signing_settings.office_zone)
                lifecycle.pause(agreement, until=until, by=actor(request), now=now)
            else:
                lifecycle.resume(agreement, by=actor(request), now=now)
            done = "Reminders paused." if form.is_bound else "Reminders resumed."
            self.message_user(request, done, messages.SUCCESS)
            return HttpResponseRedirect(back)
        context = {
            **self.admin_site.each_context(request),
            "agreement": agreement,
            "form": form,
            "forever": FOREVER,
            "title": f"Pause reminders of {agreement.reference}",
            "opts": self.opts,
        }
        return render(request, "admin/agreements/pause.html", context, status=400 if form.is_bound else 200)
