"""Papers and their authors in the admin."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import F, QuerySet
from django.forms import BaseInlineFormSet, BaseModelFormSet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join

from proceedings.accounts.permissions import OwnVolumeFilter, OwnVolumes, can_edit, can_edit_any
from proceedings.admin.fields import NamedLines
from proceedings.bibtex.findings import Finding, Severity
from proceedings.delivery.volume_check import file_findings
from proceedings.models import Author, Paper
from proceedings.models.as_records import paper_records, volume_record
from proceedings.models.search import find_papers
from proceedings.publisher.rules import check_paper


class AuthorForm(forms.ModelForm):
    def _get_validation_exclusions(self) -> set[str]:
        # Row by row, exchanging two authors or moving the contact would collide with what is not yet saved; the
        # formset looks at all rows together instead, and the database has the last word.
        return super()._get_validation_exclusions() | {"position", "is_corresponding"}  # type: ignore[misc,no-any-return]


class AuthorFormSet(BaseInlineFormSet):
    def clean(self) -> None:
        super().clean()
        known = {form.instance.pk for form in self.initial_forms}
        if known != set(Author.objects.filter(paper=self.instance.pk).values_list("pk", flat=True)):
            # An import, or another tab. What this page does not know of, it must not push aside.
            raise forms.ValidationError(
                "The authors changed while this page was open. Load it again, then repeat the change."
            )
        rows = [form.cleaned_data for form in self.forms if form.is_valid() and not form.cleaned_data.get("DELETE")]
        rows = [row for row in rows if row]
        positions = [row["position"] for row in rows]
        if len(set(positions)) != len(positions):
            raise forms.ValidationError("Two authors have the same position.")
        contacts = [row for row in rows if row["is_corresponding"]]
        if len(contacts) > 1:
            raise forms.ValidationError("A paper has one corresponding author; several are ticked.")
        if contacts and not contacts[0]["email"]:
            raise forms.ValidationError("The corresponding author needs an e-mail address.")


class AuthorInline(admin.StackedInline):
    """One short card per author: a table of nine columns fits no screen."""

    model = Author
    form = AuthorForm
    formset = AuthorFormSet
    extra = 0
    classes = ["authors"]
    fieldsets = [
        (
            None,
            {
                "fields": [
                    ("position", "given", "particle", "family", "suffix"),
                    ("email", "is_corresponding"),
                    ("affiliation", "orcid"),
                ]
            },
        )
    ]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True  # the paper's page has asked already

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return can_edit(request, obj.volume_id if obj else None)

    has_add_permission = has_delete_permission = has_change_permission


def as_list(findings: Iterable[Finding]) -> str:
    """Findings for people: how much each weighs, what is wrong, what to write instead."""
    rows = [
        (one.severity, one.field, one.message, f"; proposed: {one.fix}" if one.fix else "")
        for one in sorted(findings, key=lambda one: list(Severity).index(one.severity))
    ]
    if not rows:
        return "Nothing."
    return format_html("<ul>{}</ul>", format_html_join("", "<li><strong>{}</strong>, {}: {}{}</li>", rows))


class PaperForm(forms.ModelForm):
    extra = NamedLines(
        label="Further BibTeX fields",
        required=False,
        help_text="Kept and written back, one in each line, such as “software = https://…” or “video = https://…”.",
    )


@admin.register(Paper)
class PaperAdmin(OwnVolumes):
    form = PaperForm
    volume_path = "volume"
    list_display = ["key", "title", "volume", "section", "status"]
    list_filter = [OwnVolumeFilter, "status"]
    list_select_related = ["volume"]
    search_fields = ["title"]  # and all else that `find_papers` looks at
    search_hint = "Title, author, key, e-mail address or submission number."
    inlines = [AuthorInline]
    fieldsets = [
        (
            None,
            {
                "fields": [
                    "volume",
                    "key",
                    "title",
                    "title_latex",
                    ("section", "pages"),
                    ("position", "status"),
                    "public_id",
                ]
            },
        ),
        ("Abstract and further fields", {"classes": ["collapse"], "fields": ["abstract", "extra"]}),
        ("What the publisher would say", {"fields": ["findings"]}),
    ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return can_edit_any(request)

    def get_readonly_fields(self, request: HttpRequest, obj: Paper | None = None) -> list[str]:
        return ["volume", "findings"] if obj else []

    def get_fieldsets(self, request: HttpRequest, obj: Paper | None = None) -> Any:
        """A paper that is only being made has nothing to be said about yet."""
        shown = super().get_fieldsets(request, obj)
        return shown if obj else [one for one in shown if "findings" not in one[1]["fields"]]

    def get_search_results(self, request: HttpRequest, rows: QuerySet[Any], search_term: str) -> Any:
        return find_papers(rows, search_term), False

    @admin.display(description="findings")
    def findings(self, paper: Paper) -> str:
        """The publisher's rules on this paper alone, by its columns and its file."""
        records = paper_records([paper])
        found = [*check_paper(volume_record(paper.volume), records[0]), *file_findings([paper], records)]
        return as_list(found)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        if "title_latex" in form.base_fields:
            form.base_fields["title_latex"].widget.attrs["rows"] = 2
        return form

    def save_formset(self, request: HttpRequest, form: Any, formset: BaseModelFormSet, change: bool) -> None:
        # Makes room first: positions are unique and so is the contact, at every moment.
        Author.objects.filter(paper=form.instance).update(position=F("position") + 1000, is_corresponding=False)
        formset.save()
        for row in formset.initial_forms:
            if row.instance.pk:
                row.instance.save(update_fields=["position", "is_corresponding"])
