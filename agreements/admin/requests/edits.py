"""Edits of signed papers: recorded, confirmed by the author, resolved (clause 5)."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from agreements import lifecycle
from agreements.admin.format import actor, chip, time_column
from agreements.admin.requests.base import RequestAdmin
from agreements.models import Agreement, Edit
from agreements.requests import edits
from proceedings.accounts.permissions import OwnVolumeFilter


class EditForm(forms.ModelForm):
    """A new edit; the editor must say whether it is substantive."""

    substantive = forms.TypedChoiceField(
        label="Is the edit substantive?",
        choices=[
            ("yes", "Yes: it changes what the paper says. We ask the author and hold the paper until they confirm."),
            ("no", "No: it changes only the layout or spelling."),
        ],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose one. Clause 5 requires the author’s confirmation of a substantive edit."},
    )

    class Meta:
        model = Edit
        fields = ["what", "before", "after", "reason", "substantive"]
        widgets = {
            name: forms.Textarea(attrs={"rows": rows, "cols": 70, "maxlength": 4000})
            for name, rows in {"what": 2, "before": 3, "after": 3, "reason": 2}.items()
        }
        error_messages = {"what": {"required": "Describe the change, so that the author can check it."}}


class RequestReasonForm(forms.Form):
    reason = forms.CharField(
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2, "cols": 60}),
        error_messages={"required": "Enter a reason. We record it in the history."},
    )


@admin.register(Edit)
class EditAdmin(RequestAdmin):
    list_display = ["what_", "agreement", "state_", time_column("made_at", "recorded"), "made_by"]
    list_filter = [
        "state",
        "substantive",
        type("ByVolume", (OwnVolumeFilter,), {"volume_path": RequestAdmin.volume_path}),
    ]

    @admin.display(description="edit")
    def what_(self, edit: Edit) -> str:
        return edit.what

    @admin.display(description="status", ordering="state")
    def state_(self, edit: Edit) -> str:
        return chip(edit.state, edit.get_state_display())

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.record_page)
        return [path("note/<int:agreement>/", page, name="agreements_edit_record"), *super().get_urls()]

    def record_page(self, request: HttpRequest, agreement: int) -> HttpResponse:
        """Records an edit of a signed paper."""
        about = self.agreement_or_404(request, agreement)
        form = EditForm(request.POST if request.method == "POST" else None)
        if not form.is_valid():
            title = f"Record an edit of {about.paper_key}"
            return self.page(request, "record_edit", about, wrong=form.is_bound, form=form, title=title)
        try:
            edit = edits.record_edit(about, by=actor(request), now=timezone.now(), **form.cleaned_data)
        except lifecycle.TransitionError as error:
            self.message_user(request, f"No edit was recorded: {error}", messages.ERROR)
            return self.to_agreement(about)
        asked = " We ask the author by email and hold the paper until they confirm." if edit.substantive else ""
        self.message_user(request, f"Edit recorded.{asked}", messages.SUCCESS)
        return self.to_agreement(about)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """One edit, with the forms to resolve it."""
        edit = self.row_or_404(request, object_id)
        may = self.has_change_permission(request, edit)
        form = RequestReasonForm(request.POST if {"undo", "confirm"} & request.POST.keys() else None)
        if request.method == "POST":
            if not may:
                raise PermissionDenied
            if "ask" in request.POST or form.is_valid():
                return self.resolve(request, edit, form)
        return self.page(
            request,
            "edit",
            edit.agreement,
            wrong=form.is_bound,
            edit=edit,
            form=form,
            may=may and edit.agreement.status in edits.IN_FORCE,
            title=f"Edit of {edit.agreement.paper_key}",
        )

    def resolve(self, request: HttpRequest, edit: Edit, form: RequestReasonForm) -> HttpResponse:
        by, now = actor(request), timezone.now()
        try:
            if "ask" in request.POST:
                asked = edits.ask_author(edit, now=now)
                done = "We ask the author again." if asked else "An email about this edit is queued already."
            elif "undo" in request.POST:
                edits.undo(edit, reason=form.cleaned_data["reason"], by=by, now=now)
                done = "Edit undone. It no longer blocks delivery."
            else:
                edits.confirm(edit, reason=form.cleaned_data["reason"], by=by, now=now)
                done = "Edit confirmed for the author."
            self.message_user(request, done, messages.SUCCESS)
        except lifecycle.TransitionError as error:
            self.message_user(request, f"Nothing was changed: {error}", messages.ERROR)
        return HttpResponseRedirect(request.path)

    @staticmethod
    def to_agreement(agreement: Agreement) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:agreements_agreement_change", args=[agreement.pk]))
