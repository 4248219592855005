"""Edits after the signature, on the desk: noted, asked about, settled (clause 5)."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from agreements import lifecycle
from agreements.admin.format import chip, stamp, who
from agreements.admin.requests.base import RequestAdmin
from agreements.models import Agreement, Edit
from agreements.requests import edits
from proceedings.accounts.permissions import OwnVolumeFilter


class NoteForm(forms.ModelForm):
    substantive = forms.TypedChoiceField(
        label="Does it change what the paper says?",
        choices=[("yes", "Yes: the author is asked, and the paper waits for the answer"), ("no", "No: only its looks")],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose one; clause 5 turns on it."},
    )

    class Meta:
        model = Edit
        fields = ["what", "before", "after", "reason", "substantive"]
        widgets = {
            name: forms.Textarea(attrs={"rows": rows, "cols": 70, "maxlength": 4000})
            for name, rows in {"what": 2, "before": 3, "after": 3, "reason": 2}.items()
        }
        error_messages = {"what": {"required": "Say what was changed, so that the author can check it."}}


class WordsForm(forms.Form):
    reason = forms.CharField(
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2, "cols": 60}),
        error_messages={"required": "Say why; it goes on record."},
    )


@admin.register(Edit)
class EditAdmin(RequestAdmin):
    list_display = ["what_", "agreement", "state_", stamp("made_at", "noted"), "made_by"]
    list_filter = [
        "state",
        "substantive",
        type("ByVolume", (OwnVolumeFilter,), {"volume_path": RequestAdmin.volume_path}),
    ]

    @admin.display(description="edit")
    def what_(self, edit: Edit) -> str:
        return edit.what

    @admin.display(description="where it stands", ordering="state")
    def state_(self, edit: Edit) -> str:
        return chip(edit.state, edit.get_state_display())

    def get_urls(self) -> list[URLPattern]:
        note = self.admin_site.admin_view(self.note_page)
        return [path("note/<int:agreement>/", note, name="agreements_edit_note"), *super().get_urls()]

    def note_page(self, request: HttpRequest, agreement: int) -> HttpResponse:
        """Puts an edit of a signed paper on record."""
        about = self.agreement_or_404(request, agreement)
        form = NoteForm(request.POST if request.method == "POST" else None)
        if not form.is_valid():
            title = f"Note an edit of {about.paper_key}"
            return self.page(request, "note_edit", about, wrong=form.is_bound, form=form, title=title)
        try:
            edit = edits.record_edit(about, by=who(request), now=timezone.now(), **form.cleaned_data)
        except lifecycle.TransitionError as refusal:
            self.message_user(request, f"Nothing was noted: {refusal}", messages.ERROR)
            return self.to_agreement(about)
        asked = " The author is asked by mail; the paper waits for the answer." if edit.substantive else ""
        self.message_user(request, f"Noted.{asked}", messages.SUCCESS)
        return self.to_agreement(about)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """One edit, and what can be done about it."""
        edit = self.row_or_404(request, object_id)
        may = self.has_change_permission(request, edit)
        form = WordsForm(request.POST if {"undo", "confirm"} & request.POST.keys() else None)
        if request.method == "POST":
            if not may:
                raise PermissionDenied
            if "ask" in request.POST or form.is_valid():
                return self.settled(request, edit, form)
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

    def settled(self, request: HttpRequest, edit: Edit, form: WordsForm) -> HttpResponse:
        by, now = who(request), timezone.now()
        try:
            if "ask" in request.POST:
                asked = edits.ask_author(edit, now=now)
                done = "The author is asked again." if asked else "A mail about it is on its way already."
            elif "undo" in request.POST:
                edits.undo(edit, reason=form.cleaned_data["reason"], by=by, now=now)
                done = "Undone. The edit blocks nothing any more."
            else:
                edits.confirm(edit, reason=form.cleaned_data["reason"], by=by, now=now)
                done = "Confirmed on your word."
            self.message_user(request, done, messages.SUCCESS)
        except lifecycle.TransitionError as refusal:
            self.message_user(request, f"Nothing was changed: {refusal}", messages.ERROR)
        return HttpResponseRedirect(request.path)

    @staticmethod
    def to_agreement(agreement: Agreement) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:agreements_agreement_change", args=[agreement.pk]))
