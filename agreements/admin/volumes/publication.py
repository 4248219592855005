"""The volume is published: its date, the papers' addresses, and an email to every author."""

from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.defaultfilters import pluralize
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from agreements.delivery import publication
from proceedings.accounts.permissions import OwnVolumes, can_edit
from proceedings.models import Volume

MAX_SHOWN = 10
"""Papers shown, enough to try their addresses."""


class PublicationForm(forms.Form):
    published = forms.DateField(
        label="Publication date",
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"required": "Enter the publication date of the volume."},
    )
    seen = forms.BooleanField(
        label="I opened some of the addresses below and found the papers",
        error_messages={
            "required": "Open some of the addresses, then tick the box. We cannot change emailed addresses later."
        },
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean_published(self) -> date:
        day: date = self.cleaned_data["published"]
        if day > self.today:
            raise forms.ValidationError("This day is in the future. Email the authors when the volume is online.")
        return day


class PublicationPages(OwnVolumes):
    """A page per volume, for the day on which the publisher puts it online."""

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.publication_page)
        return [path("<int:pk>/publication/", page, name="proceedings_volume_publication"), *super().get_urls()]

    def publication_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The papers' publisher IDs and the recipients; a POST emails each author once."""
        volume: Volume = self.volume_or_404(request, pk)  # type: ignore[attr-defined]
        now = timezone.now()
        sent = request.POST if request.method == "POST" else None
        form = PublicationForm(sent, today=now.date(), initial={"published": volume.published or now.date()})
        if request.method == "POST" and not can_edit(request, volume.pk):
            raise PermissionDenied
        if form.is_valid():
            queued = publication.notify_authors(volume, form.cleaned_data["published"], now=now)
            done = f"{queued} email{pluralize(queued)} queued." if queued else "All authors were emailed before."
            self.message_user(request, done, messages.SUCCESS)
            return HttpResponseRedirect(reverse("admin:proceedings_volume_publication", args=[volume.pk]))
        plan = publication.plan_notifications(volume)
        unreachable = plan.unreachable
        context = {
            **self.admin_site.each_context(request),
            "volume": volume,
            "plan": plan,
            "shown": plan.papers[:MAX_SHOWN],
            "unreachable": unreachable[: 3 * MAX_SHOWN],
            "more": max(0, len(unreachable) - 3 * MAX_SHOWN),
            "form": form,
            "may_change": can_edit(request, volume.pk),
            "title": f"Publication of {volume}",
            "opts": self.opts,
        }
        return render(request, "admin/agreements/publication.html", context, status=400 if form.is_bound else 200)
