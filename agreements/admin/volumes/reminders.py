"""The reminders of a volume: planned emails, pauses of the volume and of recipients, email templates."""

from collections.abc import Callable
from datetime import timedelta
from itertools import islice
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from agreements import lifecycle
from agreements.admin.agreements.pause import PauseForm
from agreements.admin.format import zone_of
from agreements.domain.schedule import FOREVER
from agreements.domain.states import Status
from agreements.jobs import digest
from agreements.mail import addresses, email_templates, notify, samples
from agreements.mail.kinds import KINDS, WITH_OWN_TEXT
from agreements.models import Agreement, EmailTemplate, Message, RecipientSettings, SigningSettings, known_zone
from agreements.reminders import preview
from proceedings.accounts.permissions import OwnVolumes, can_edit
from proceedings.models import Volume
from proceedings.models.address_field import AddressFormField

PREVIEW_PERIOD = timedelta(days=14)
MAX_EMAILS = 100
"""Emails shown; `manage.py preview_emails` lists all."""


class RecipientForm(PauseForm):
    address = AddressFormField(label="Email address", widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    field_order = ["address", "until"]


class TimeZoneForm(forms.Form):
    address = AddressFormField(label="Email address", widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    zone = forms.CharField(
        label="Time zone",
        max_length=60,
        required=False,
        validators=[known_zone],
        help_text="Such as Asia/Tokyo. We send email in this person’s working hours. Leave empty if you do not know.",
    )


class EmailTemplateForm(forms.ModelForm):
    class Meta:
        model = EmailTemplate
        fields = ["body", "extra"]
        widgets = {
            "body": forms.Textarea(attrs={"rows": 10, "cols": 70}),
            "extra": forms.Textarea(attrs={"rows": 3, "cols": 70}),
        }

    def clean_body(self) -> str:
        body = str(self.cleaned_data["body"]).strip()
        needed = KINDS[Message.Kind(self.instance.kind)].placeholders
        if body and (problems := list(email_templates.template_errors(body, needed))):
            raise forms.ValidationError(problems)
        return body

    def clean_extra(self) -> str:
        extra = str(self.cleaned_data["extra"]).strip()
        if problems := list(email_templates.signing_link_errors(extra)):
            raise forms.ValidationError(problems)
        return extra


class ReminderPages(OwnVolumes):
    """Assistants may read; editors pause, resume and write templates. Every change is a POST."""

    volume_or_404: Callable[[HttpRequest, int], Volume]

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.reminders_page)
        template_page = self.admin_site.admin_view(self.email_template_page)
        own = [
            path("<int:pk>/reminders/", page, name="proceedings_volume_reminders"),
            path("<int:pk>/reminders/<str:kind>/", template_page, name="proceedings_volume_email_template"),
        ]
        return own + super().get_urls()

    def volume_and_settings_or_404(self, request: HttpRequest, pk: int) -> tuple[Volume, SigningSettings | None]:
        volume = self.volume_or_404(request, pk)
        if request.method == "POST" and not can_edit(request, volume.pk):
            raise PermissionDenied
        return volume, getattr(volume, "signing_settings", None)

    def reminders_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The planned emails and the controls. Without signing settings there are no reminders yet."""
        volume, signing_settings = self.volume_and_settings_or_404(request, pk)
        if signing_settings is None:
            self.message_user(request, "Set the deadline first. Reminders depend on it.", messages.WARNING)
            return HttpResponseRedirect(reverse("admin:proceedings_volume_change", args=[pk]))
        bound: dict[str, forms.Form] = {}
        if request.method == "POST":
            done, bound = self.handle_action(request, volume, signing_settings)
            if done:
                self.message_user(request, done, messages.SUCCESS)
                return HttpResponseRedirect(request.path)
        context = self.page_context(request, volume, signing_settings) | {
            "volume_form": bound.get("pause-volume") or PauseForm(prefix="volume"),
            "person_form": bound.get("pause-person") or RecipientForm(prefix="person"),
            "zone_form": bound.get("place-person") or TimeZoneForm(prefix="place"),
        }
        return render(request, "admin/agreements/reminders.html", context, status=400 if bound else 200)

    def page_context(self, request: HttpRequest, volume: Volume, signing_settings: SigningSettings) -> dict[str, Any]:
        now = timezone.now()
        emails = list(islice(preview.planned_emails(volume, now, now + PREVIEW_PERIOD), MAX_EMAILS + 1))
        waiting = Agreement.objects.filter(paper__volume=volume, status=Status.ISSUED)
        customized = set(EmailTemplate.objects.filter(volume=volume).values_list("kind", flat=True))
        return {
            **self.admin_site.each_context(request),
            "volume": volume,
            "signing_settings": signing_settings,
            "paused": signing_settings.paused_until
            if signing_settings.paused_until and signing_settings.paused_until > now
            else None,
            "forever": FOREVER,
            "emails": emails[:MAX_EMAILS],
            "more": len(emails) > MAX_EMAILS,
            "days": PREVIEW_PERIOD.days,
            "paused_people": RecipientSettings.objects.filter(volume=volume, paused_until__gt=now).order_by("address"),
            "time_zones": RecipientSettings.objects.filter(volume=volume).exclude(zone="").order_by("address"),
            "paused_agreements": waiting.filter(paused_until__gt=now).order_by("paper__position", "pk"),
            "email_templates": [(kind.value, kind.label, kind in customized) for kind in WITH_OWN_TEXT],
            "undeliverable_editors": list(addresses.find_undeliverable(notify.editors_of_volume(volume)).values()),
            "gets_digest": not signing_settings.digest_opt_outs.filter(username=request.user.get_username()).exists(),
            "zone": zone_of(request),
            "may_change": can_edit(request, volume.pk),
            "title": f"Reminders of {volume}",
            "opts": self.opts,
        }

    def handle_action(
        self, request: HttpRequest, volume: Volume, signing_settings: SigningSettings
    ) -> tuple[str, dict[str, forms.Form]]:
        """Do what the button says. Returns what was done, or the form with its errors."""
        now, verb, address = timezone.now(), request.POST.get("do", ""), request.POST.get("address", "")
        match verb:
            case "resume-volume":
                lifecycle.resume_volume(volume.pk, now=now)
                return "Reminders resumed.", {}
            case "resume-person":
                lifecycle.resume_recipient(volume.pk, address, now=now)
                return f"Reminders to {address} resumed.", {}
            case "pause-volume":
                pause = PauseForm(request.POST, prefix="volume")
                if not pause.is_valid():
                    return "", {verb: pause}
                lifecycle.pause_volume(volume.pk, until=pause.moment(signing_settings.office_zone), now=now)
                return "All reminders paused. We cancelled the queued ones.", {}
            case "pause-person":
                person = RecipientForm(request.POST, prefix="person")
                if not person.is_valid():
                    return "", {verb: person}
                address = person.cleaned_data["address"]
                lifecycle.pause_recipient(
                    volume.pk, address, until=person.moment(signing_settings.office_zone), now=now
                )
                return f"Reminders to {address} about papers of this volume paused.", {}
            case "place-person":
                place = TimeZoneForm(request.POST, prefix="place")
                if not place.is_valid():
                    return "", {verb: place}
                lifecycle.set_time_zone(volume.pk, place.cleaned_data["address"], place.cleaned_data["zone"], now=now)
                return f"Time zone saved for {place.cleaned_data['address']}.", {}
            case "daily-on" | "daily-off":
                digest.set_digest(signing_settings, request.user, on=verb == "daily-on")  # type: ignore[arg-type]
                return "You get the daily digest." if verb == "daily-on" else "Daily digest stopped.", {}
        raise Http404

    def email_template_page(self, request: HttpRequest, pk: int, kind: str) -> HttpResponse:
        """The volume's own template for one kind of email, with a preview."""
        volume, signing_settings = self.volume_and_settings_or_404(request, pk)
        if kind not in WITH_OWN_TEXT or signing_settings is None:
            raise Http404
        template = EmailTemplate.objects.filter(volume=volume, kind=kind).first() or EmailTemplate(
            volume=volume, kind=kind
        )
        form = EmailTemplateForm(request.POST if request.method == "POST" else None, instance=template)
        valid = form.is_bound and form.is_valid()
        if valid and "save" in request.POST:
            if template.body or template.extra:
                form.save()
            elif template.pk:
                template.delete()
            self.message_user(request, "Template saved. We use it for emails sent from now on.", messages.SUCCESS)
            return HttpResponseRedirect(reverse("admin:proceedings_volume_reminders", args=[pk]))
        sample = samples.compose_sample(
            volume, Message.Kind(kind), template if valid or not form.is_bound else None, timezone.now()
        )
        context = {
            **self.admin_site.each_context(request),
            "volume": volume,
            "form": form,
            "kind": Message.Kind(kind).label,
            "sample": sample,
            "placeholders": [(f"{{{name}}}", meaning) for name, meaning in email_templates.PLACEHOLDERS.items()],
            "required_placeholders": [f"{{{name}}}" for name in KINDS[Message.Kind(kind)].placeholders],
            "may_change": can_edit(request, volume.pk),
            "title": f"Email template: {Message.Kind(kind).label.lower()}",
            "opts": self.opts,
        }
        return render(request, "admin/agreements/email_template.html", context, status=400 if form.errors else 200)
