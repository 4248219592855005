"""Corrections of published papers: requested, approved or rejected, and passed to the publisher."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from agreements.admin.format import actor, chip, time_column
from agreements.admin.requests.base import RequestAdmin
from agreements.admin.requests.edits import RequestReasonForm
from agreements.models import Correction
from agreements.requests import corrections
from proceedings.accounts.permissions import OwnVolumeFilter

PERMISSION_REQUIRED = {
    "permitted_by": "Choose the volume editor who gave permission.",
    "permitted_how": "Enter how permission was given.",
    "permitted_on": "Enter the day on which permission was given.",
}
"""What the publisher asks about a permission, with the error if it is missing."""


class CorrectionRequestForm(forms.ModelForm):
    class Meta:
        model = Correction
        fields = ["role", "name", "email", "on_behalf_of", "nature", "description", "notes"]
        widgets = {
            name: forms.Textarea(attrs={"rows": rows, "cols": 70, "maxlength": 4000})
            for name, rows in {"description": 4, "notes": 2}.items()
        }


class PermissionForm(forms.ModelForm):
    """The permission of a volume editor, with the fields of the publisher's form."""

    class Meta:
        model = Correction
        fields = ["permitted_by", "permitted_how", "permitted_on", "github", "correspondence"]
        widgets = {
            "permitted_on": forms.DateInput(attrs={"type": "date"}),
            "correspondence": forms.Textarea(attrs={"rows": 3, "cols": 70, "maxlength": 4000}),
        }

    def __init__(self, *args: Any, correction: Correction, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = correction.agreement.paper.volume.editor_names
        self.fields["permitted_by"] = forms.ChoiceField(
            label="Permission given by", choices=[("", "—"), *((name, name) for name in names)], required=False
        )
        self.fields["permitted_how"].help_text = "Such as: by email, in a meeting."
        for name, message in PERMISSION_REQUIRED.items():
            self.fields[name].required = correction.needs_permission
            self.fields[name].error_messages["required"] = message

    @property
    def permission(self) -> corrections.Permission:
        data = self.cleaned_data
        return corrections.Permission(
            data["permitted_by"], data["permitted_how"], data["permitted_on"], data["correspondence"], data["github"]
        )


@admin.register(Correction)
class CorrectionAdmin(RequestAdmin):
    list_display = ["what_", "agreement", "name", "nature", "state_", time_column("made_at", "requested")]
    list_filter = ["state", "nature", type("ByVolume", (OwnVolumeFilter,), {"volume_path": RequestAdmin.volume_path})]

    @admin.display(description="correction")
    def what_(self, correction: Correction) -> str:
        return correction.description

    @admin.display(description="status", ordering="state")
    def state_(self, correction: Correction) -> str:
        return chip(correction.state, correction.get_state_display())

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("ask/<int:agreement>/", view(self.request_page), name="agreements_correction_request"),
            path("<int:pk>/request.md", view(self.request_text), name="agreements_correction_text"),
        ]
        return [*own, *super().get_urls()]

    def request_page(self, request: HttpRequest, agreement: int) -> HttpResponse:
        """Records an editor's own request, or one received by other means."""
        about = self.agreement_or_404(request, agreement)
        form = CorrectionRequestForm(request.POST if request.method == "POST" else None)
        title = f"Request a correction of {about.paper_key}"
        if not form.is_valid():
            return self.page(request, "request_correction", about, wrong=form.is_bound, form=form, title=title)
        try:
            made = corrections.request_correction(about, by=actor(request), now=timezone.now(), **form.cleaned_data)
        except corrections.NotPublishedError:
            form.add_error(None, "The volume is not published yet. Change the paper on its page instead.")
        except corrections.TooManyOpenError:
            form.add_error(None, "Several requests about this paper are open. Resolve them first.")
        else:
            self.message_user(request, "Correction requested. Approve or reject it below.", messages.SUCCESS)
            return HttpResponseRedirect(reverse("admin:agreements_correction_change", args=[made.pk]))
        return self.page(request, "request_correction", about, wrong=True, form=form, title=title)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """One correction, with the forms to resolve it."""
        correction = self.row_or_404(request, object_id)
        may = self.has_change_permission(request, correction)
        sent = request.POST if request.method == "POST" else {}
        permission = PermissionForm(request.POST if "approve" in sent else None, correction=correction)
        rejection = RequestReasonForm(request.POST if "refuse" in sent else None)
        if request.method == "POST":
            if not may:
                raise PermissionDenied
            if "apply" in sent or permission.is_valid() or rejection.is_valid():
                done = self.resolve(request, correction, permission, rejection)
                if done:
                    return done
        return self.page(
            request,
            "correction",
            correction.agreement,
            wrong=permission.is_bound or rejection.is_bound,
            correction=correction,
            permission=permission,
            rejection=rejection,
            may=may,
            text=corrections.format_pull_request(correction),
            title=f"Correction of {correction.agreement.paper_key}",
        )

    def resolve(
        self, request: HttpRequest, correction: Correction, permission: PermissionForm, rejection: RequestReasonForm
    ) -> HttpResponse | None:
        """Approves, rejects or applies; None if the permission is incomplete, with the error on the form."""
        by, now = actor(request), timezone.now()
        try:
            if "apply" in request.POST:
                corrections.apply(correction, by=by, now=now)
                done = "Correction marked as published."
            elif permission.is_bound:
                corrections.approve(correction, permission.permission, by=by, now=now)
                done = "Correction approved. Send the text below to the publisher. Mark it as published when it is."
            else:
                corrections.reject(correction, reason=rejection.cleaned_data["reason"], by=by, now=now)
                done = "Correction rejected. We email the reason to the person who asked, if we have an address."
            self.message_user(request, done, messages.SUCCESS)
        except corrections.NotPermittedError as error:
            permission.add_error(None, str(error))
            return None
        except corrections.AlreadyResolvedError:
            self.message_user(
                request,
                "Nothing was changed: another editor resolved this correction. Reload the page.",
                messages.ERROR,
            )
        return HttpResponseRedirect(request.path)

    def request_text(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The text for the publisher as a Markdown file."""
        correction = self.row_or_404(request, str(pk))
        response = HttpResponse(
            corrections.format_pull_request(correction), content_type="text/markdown; charset=utf-8"
        )
        name = f"{correction.agreement.paper_key}-correction-{correction.pk}.md"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response
