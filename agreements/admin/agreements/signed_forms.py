"""Review of signed forms: the files beside what the agreement states; an editor accepts them or sends them back."""

from datetime import date
from pathlib import PurePath
from typing import Any

from django import forms
from django.contrib import messages
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.core.files.storage import storages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.http import urlencode

from agreements import lifecycle
from agreements.admin.format import actor
from agreements.admin.lists import ExportableList
from agreements.documents import pdf
from agreements.documents.checklist import CONFIRMED_LABELS, MISSING_LABELS
from agreements.domain import written_dates
from agreements.domain.states import Status
from agreements.lifecycle import signed_form
from agreements.models import Agreement, SignedForm

ADDRESS_LIFE = 300
"""Seconds for which the link to a file works."""
TYPES = {"pdf": "application/pdf", "jpg": "image/jpeg", "png": "image/png"}


class AcceptForm(forms.Form):
    """What the editor checked, and the name and date on the form."""

    scan = forms.IntegerField(widget=forms.HiddenInput)
    found = forms.MultipleChoiceField(
        choices=list(CONFIRMED_LABELS.items()), widget=forms.CheckboxSelectMultiple, required=False
    )
    name = forms.CharField(max_length=300, label="Name on the form")
    date_written = forms.CharField(
        max_length=100, label="Date as written on the form", help_text="Copy it exactly, such as 06/09/2026."
    )
    dated = forms.DateField(
        label="Date as you read it",
        input_formats=["%Y-%m-%d"],  # text input: a browser's date field would show its own order of day and month
        help_text="Year, month, day: 2026-11-03.",
        error_messages={
            "required": "Enter the day that the written date means.",
            "invalid": "Enter the day as year-month-day, such as 2026-11-03.",
        },
    )

    def __init__(self, data: Any = None, *, agreement: Agreement, scan: SignedForm, first: date, last: date) -> None:
        super().__init__(data, initial={"scan": scan.pk, "name": agreement.signer})
        self.first, self.last = first, last
        for name in ("name", "date_written", "dated"):
            self.fields[name].widget.attrs["class"] = "vTextField"

    def clean_found(self) -> list[str]:
        found: list[str] = self.cleaned_data["found"]
        if lacking := [label for key, label in MISSING_LABELS.items() if key not in found]:
            raise forms.ValidationError(f"Tick every item, or send the form back. Not ticked: {', '.join(lacking)}.")
        return found

    def clean_name(self) -> str:
        return printable(self.cleaned_data["name"])

    def clean_date_written(self) -> str:
        return printable(self.cleaned_data["date_written"])

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        written, dated = data.get("date_written"), data.get("dated")
        meanings = written_dates.possible_dates(written) if written else []
        possible = " or ".join(day_in_words(day) for day in meanings)
        if dated and meanings and dated not in meanings:
            self.add_error("dated", f"“{written}” means {possible}, not {day_in_words(dated)}.")
        elif dated and dated < self.first:
            self.add_error("dated", f"The form was issued later, on {day_in_words(self.first)}. Check the date.")
        elif dated and dated > self.last:
            self.add_error("dated", "This day is in the future. Check the date.")
        elif not dated and len(meanings) > 1:
            self.add_error("dated", f"“{written}” can mean {possible}. If you are not sure, ask the author.")
        return data

    @property
    def reading(self) -> signed_form.FormReading:
        data = self.cleaned_data
        return signed_form.FormReading(data["name"], data["date_written"], data["dated"])


class SendBackForm(forms.Form):
    scan = forms.IntegerField(widget=forms.HiddenInput)
    missing = forms.MultipleChoiceField(
        choices=list(MISSING_LABELS.items()), widget=forms.CheckboxSelectMultiple, required=False
    )
    note = forms.CharField(
        max_length=2000,
        required=False,
        label="Note to the author",
        widget=forms.Textarea(attrs={"rows": 3, "cols": 50}),
    )

    def __init__(self, data: Any = None, *, scan: SignedForm) -> None:
        super().__init__(data, initial={"scan": scan.pk}, auto_id="back_%s")

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if not self.errors and not data["missing"] and not data["note"].strip():
            self.add_error("missing", "Select or describe what is missing. We tell the author.")
        return data


def printable(text: str) -> str:
    """`text` with single spaces. Raises ValidationError for characters that the evidence page cannot print."""
    tidy = " ".join(text.split())
    if missing := pdf.find_unprintable(tidy):
        raise forms.ValidationError(f"The evidence page cannot print {', '.join(missing)}. Use other characters.")
    return tidy


def day_in_words(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


class SignedFormPages(ExportableList):
    """Adds the review page of signed forms to agreements."""

    def get_urls(self) -> list[URLPattern]:
        page, file = (
            self.admin_site.admin_view(self.signed_form_page),
            self.admin_site.admin_view(self.signed_form_file),
        )
        return [
            path("<int:pk>/scan/", page, name="agreements_agreement_signed_form"),
            path("<int:pk>/scan/file/", file, name="agreements_agreement_signed_form_file"),
            *super().get_urls(),
        ]

    def get_or_404(self, request: HttpRequest, pk: int, *, to_change: bool = False) -> Agreement:
        raise NotImplementedError

    def signed_form_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The received files, what the form must show, and forms to accept it or send it back."""
        agreement = self.get_or_404(request, pk)
        scan = signed_form.newest_form(agreement)
        if scan is None:
            raise Http404("No signed form was received.")
        if request.method == "POST" and not self.may_change(request, agreement):
            raise PermissionDenied
        accepting = request.method == "POST" and "accept" in request.POST
        returning = request.method == "POST" and not accepting
        accept = AcceptForm(
            request.POST if accepting else None,
            agreement=agreement,
            scan=scan,
            first=signed_form.earliest_date(agreement),
            last=signed_form.latest_date(timezone.now()),
        )
        back = SendBackForm(request.POST if returning else None, scan=scan)
        if accepting and accept.is_valid() and self.accept(request, agreement, accept):
            return HttpResponseRedirect(reverse("admin:agreements_agreement_change", args=[pk]))
        if returning and back.is_valid() and self.send_back(request, agreement, back):
            return HttpResponseRedirect(reverse("admin:agreements_agreement_change", args=[pk]))
        context = {
            **self.admin_site.each_context(request),
            "agreement": agreement,
            "signed_form": scan,
            "files": [self.file_context(request, agreement, scan, number) for number in range(len(scan.files))],
            "accept": accept,
            "send_back": back,
            "may_resolve": agreement.status == Status.RECEIVED and self.may_change(request, agreement),
            "title": "Signed form",
            "opts": self.opts,
        }
        wrong = (accepting and accept.errors) or (returning and back.errors)
        return render(request, "admin/agreements/signed_form.html", context, status=400 if wrong else 200)

    def accept(self, request: HttpRequest, agreement: Agreement, form: AcceptForm) -> bool:
        """Accepts the form that the page showed; False, with a message, if that is not possible."""
        seen = agreement.signed_forms.filter(pk=form.cleaned_data["scan"]).first()
        return seen is not None and self.resolve(
            request,
            lambda: signed_form.accept(agreement, seen, form.reading, by=actor(request), now=timezone.now()),
            "Signed form accepted. We seal it within a minute and email the sealed PDF to the author.",
        )

    def send_back(self, request: HttpRequest, agreement: Agreement, form: SendBackForm) -> bool:
        seen, data = agreement.signed_forms.filter(pk=form.cleaned_data["scan"]).first(), form.cleaned_data
        return seen is not None and self.resolve(
            request,
            lambda: signed_form.send_back(
                agreement, seen, data["missing"], data["note"].strip(), by=actor(request), now=timezone.now()
            ),
            "Signed form sent back. We email the author what is missing. Reminders continue.",
        )

    def resolve(self, request: HttpRequest, action: Any, done: str) -> bool:
        """Runs `action` and shows its result as a message."""
        try:
            action()
        except (lifecycle.TransitionError, signed_form.SignedFormError) as refusal:
            messages.error(request, f"Nothing was changed: {refusal}")
            return False
        messages.success(request, done)
        return True

    def file_context(self, request: HttpRequest, agreement: Agreement, scan: SignedForm, number: int) -> dict[str, Any]:
        """One file for the template. Its links work for this user only, for `ADDRESS_LIFE`."""
        one = scan.files[number]

        def address(kind: str) -> str:
            ticket = signing.dumps([scan.pk, number, kind], salt=salt(request))
            return (
                reverse("admin:agreements_agreement_signed_form_file", args=[agreement.pk])
                + "?"
                + urlencode({"ticket": ticket})
            )

        return {
            **one,
            "number": number + 1,
            "url": address("name"),
            "picture_url": address("picture") if one["picture"] else "",
        }

    def signed_form_file(self, request: HttpRequest, pk: int) -> HttpResponse | FileResponse:
        """A file as received, or its picture, always as a download. The ticket in the URL belongs to one user."""
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        agreement = self.get_or_404(request, pk)
        if not agreement.signed_forms.exists():
            raise Http404("No signed form was received.")
        try:
            ticket = signing.loads(request.GET.get("ticket", ""), salt=salt(request), max_age=ADDRESS_LIFE)
            scan = agreement.signed_forms.get(pk=ticket[0])
        except (signing.BadSignature, SignedForm.DoesNotExist):
            messages.warning(
                request, "That link has expired; links work for five minutes. Open the file again from this page."
            )
            return HttpResponseRedirect(reverse("admin:agreements_agreement_signed_form", args=[pk]))
        one, kind = scan.files[ticket[1]], ticket[2]
        ending = PurePath(one[kind]).suffix
        return FileResponse(
            storages["private"].open(one[kind]),
            as_attachment=True,
            filename=f"{agreement.paper_key}-signed-{ticket[1] + 1}{ending}",
            content_type=TYPES[ending[1:]],
        )


def salt(request: HttpRequest) -> str:
    """Binds a link to one user."""
    return f"scan:{request.user.pk}"
