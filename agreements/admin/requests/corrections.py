"""Corrections of published papers, on the desk: asked for, approved or refused, handed on in the publisher's terms."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from agreements.admin.format import chip, stamp, who
from agreements.admin.requests.base import RequestAdmin
from agreements.admin.requests.edits import WordsForm
from agreements.models import Correction
from agreements.requests import corrections
from proceedings.accounts.permissions import OwnVolumeFilter

LACKS = {
    "permitted_by": "Say which editor of the volume gave permission.",
    "permitted_how": "Say how it was given.",
    "permitted_on": "Say on which day.",
}
"""What the publisher wants to know of a permission."""


class AskForm(forms.ModelForm):
    class Meta:
        model = Correction
        fields = ["role", "name", "email", "on_behalf_of", "nature", "description", "notes"]
        widgets = {
            name: forms.Textarea(attrs={"rows": rows, "cols": 70, "maxlength": 4000})
            for name, rows in {"description": 4, "notes": 2}.items()
        }


class PermissionForm(forms.ModelForm):
    """Who of the volume's editors gave permission, as the publisher wants it recorded."""

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
        self.fields["permitted_how"].help_text = "By e-mail, in a meeting …"
        for name, lack in LACKS.items():
            self.fields[name].required = correction.needs_permission
            self.fields[name].error_messages["required"] = lack

    @property
    def permission(self) -> corrections.Permission:
        data = self.cleaned_data
        return corrections.Permission(
            data["permitted_by"], data["permitted_how"], data["permitted_on"], data["correspondence"], data["github"]
        )


@admin.register(Correction)
class CorrectionAdmin(RequestAdmin):
    list_display = ["what_", "agreement", "name", "nature", "state_", stamp("made_at", "asked")]
    list_filter = ["state", "nature", type("ByVolume", (OwnVolumeFilter,), {"volume_path": RequestAdmin.volume_path})]

    @admin.display(description="correction")
    def what_(self, correction: Correction) -> str:
        return correction.description

    @admin.display(description="where it stands", ordering="state")
    def state_(self, correction: Correction) -> str:
        return chip(correction.state, correction.get_state_display())

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("ask/<int:agreement>/", view(self.ask_page), name="agreements_correction_ask"),
            path("<int:pk>/request.md", view(self.request_text), name="agreements_correction_text"),
        ]
        return [*own, *super().get_urls()]

    def ask_page(self, request: HttpRequest, agreement: int) -> HttpResponse:
        """An editor's own request, or one that came in another way."""
        about = self.agreement_or_404(request, agreement)
        form = AskForm(request.POST if request.method == "POST" else None)
        title = f"Correct {about.paper_key}"
        if not form.is_valid():
            return self.page(request, "ask_correction", about, wrong=form.is_bound, form=form, title=title)
        try:
            made = corrections.request_correction(about, by=who(request), now=timezone.now(), **form.cleaned_data)
        except corrections.NotPublishedError:
            form.add_error(None, "The volume is not published yet: change the paper itself, on its page.")
        except corrections.TooManyOpenError:
            form.add_error(None, "Several requests about this paper wait already: settle them first.")
        else:
            self.message_user(request, "On record. Approve or refuse it below.", messages.SUCCESS)
            return HttpResponseRedirect(reverse("admin:agreements_correction_change", args=[made.pk]))
        return self.page(request, "ask_correction", about, wrong=True, form=form, title=title)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """One request, and what can be done about it."""
        correction = self.row_or_404(request, object_id)
        may = self.has_change_permission(request, correction)
        sent = request.POST if request.method == "POST" else {}
        permission = PermissionForm(request.POST if "approve" in sent else None, correction=correction)
        refusal = WordsForm(request.POST if "refuse" in sent else None)
        if request.method == "POST":
            if not may:
                raise PermissionDenied
            if "apply" in sent or permission.is_valid() or refusal.is_valid():
                done = self.settled(request, correction, permission, refusal)
                if done:
                    return done
        return self.page(
            request,
            "correction",
            correction.agreement,
            wrong=permission.is_bound or refusal.is_bound,
            correction=correction,
            permission=permission,
            refusal=refusal,
            may=may,
            text=corrections.format_pull_request(correction),
            title=f"Correction of {correction.agreement.paper_key}",
        )

    def settled(
        self, request: HttpRequest, correction: Correction, permission: PermissionForm, refusal: WordsForm
    ) -> HttpResponse | None:
        """Makes the move; None if the permission is not in order, which the form then says."""
        by, now = who(request), timezone.now()
        try:
            if "apply" in request.POST:
                corrections.apply(correction, by=by, now=now)
                done = "On record: it is published."
            elif permission.is_bound:
                corrections.approve(correction, permission.permission, by=by, now=now)
                done = "Approved. Hand the text below on to the publisher; then note that it is published."
            else:
                corrections.reject(correction, reason=refusal.cleaned_data["reason"], by=by, now=now)
                done = "Refused. Who asked is told why, as far as there is an address."
            self.message_user(request, done, messages.SUCCESS)
        except corrections.NotPermittedError as lack:
            permission.add_error(None, str(lack))
            return None
        except corrections.AlreadyResolvedError:
            self.message_user(request, "Nothing was changed: somebody else was faster.", messages.ERROR)
        return HttpResponseRedirect(request.path)

    def request_text(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The request in the publisher's terms, as a file."""
        correction = self.row_or_404(request, str(pk))
        response = HttpResponse(
            corrections.format_pull_request(correction), content_type="text/markdown; charset=utf-8"
        )
        name = f"{correction.agreement.paper_key}-correction-{correction.pk}.md"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response
