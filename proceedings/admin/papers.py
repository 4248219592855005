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
from proceedings.bibtex.forum_ids import with_bare_forum_id
from proceedings.delivery.volume_check import check_one
from proceedings.models import Author, Paper
from proceedings.models.search import find_papers
from proceedings.people.orcid import OrcidError, read_orcid


class AuthorForm(forms.ModelForm):
    orcid = forms.CharField(label="ORCID iD", required=False, max_length=100, help_text="A number or an address.")

    def clean_orcid(self) -> str:
        """The iD in its usual form. One that was stored before stays as it is: a finding names it if it is wrong."""
        typed: str = self.cleaned_data["orcid"]
        if "orcid" not in self.changed_data:
            return self.instance.orcid  # type: ignore[no-any-return]
        try:
            return read_orcid(typed)
        except OrcidError as error:
            raise forms.ValidationError(f"{error}.") from error

    def _get_validation_exclusions(self) -> set[str]:
        # Checked row by row, swapping two authors or the corresponding author would fail against unsaved rows. The
        # formset checks all rows together, and the database has constraints.
        return super()._get_validation_exclusions() | {"position", "is_corresponding", "orcid"}  # type: ignore[misc,no-any-return]


class AuthorFormSet(BaseInlineFormSet):
    def clean(self) -> None:
        super().clean()
        known = {form.instance.pk for form in self.initial_forms}
        if known != set(Author.objects.filter(paper=self.instance.pk).values_list("pk", flat=True)):
            # An import or another tab changed them; this page must not overwrite authors it did not show.
            raise forms.ValidationError(
                "The authors changed while this page was open. Reload the page and repeat the change."
            )
        rows = [form.cleaned_data for form in self.forms if form.is_valid() and not form.cleaned_data.get("DELETE")]
        rows = [row for row in rows if row]
        positions = [row["position"] for row in rows]
        if len(set(positions)) != len(positions):
            raise forms.ValidationError("Two authors have the same position. Number them 1, 2, 3 …")
        contacts = [row for row in rows if row["is_corresponding"]]
        if len(contacts) > 1:
            raise forms.ValidationError("Several corresponding authors are ticked. Tick one only.")
        if contacts and not contacts[0]["email"]:
            raise forms.ValidationError("The corresponding author has no email address. Enter one.")


class AuthorInline(admin.StackedInline):
    """One card per author, because a table of nine columns is too wide."""

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
                    ("affiliation", "orcid", "profile"),
                ]
            },
        )
    ]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True  # the paper's page has checked

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return can_edit(request, obj.volume_id if obj else None)

    has_add_permission = has_delete_permission = has_change_permission


def findings_html(findings: Iterable[Finding]) -> str:
    """Findings as HTML: severity, field, message, proposed correction."""
    rows = [
        (one.severity, one.field, one.message, f"; proposed: {one.fix}" if one.fix else "")
        for one in sorted(findings, key=lambda one: list(Severity).index(one.severity))
    ]
    if not rows:
        return "No findings."
    return format_html("<ul>{}</ul>", format_html_join("", "<li><strong>{}</strong>, {}: {}{}</li>", rows))


class PaperForm(forms.ModelForm):
    extra = NamedLines(
        label="Further BibTeX fields",
        required=False,
        help_text="One per line, such as “software = https://…” or “video = https://…”. We write them to the volume’s "
        "BibTeX file.",
    )

    def clean_extra(self) -> dict[str, str]:
        return with_bare_forum_id(self.cleaned_data["extra"])


@admin.register(Paper)
class PaperAdmin(OwnVolumes):
    form = PaperForm
    volume_path = "volume"
    list_display = ["key", "readable_title", "volume", "section", "status"]
    list_filter = [OwnVolumeFilter, "status"]
    list_select_related = ["volume"]
    search_fields = ["title"]  # and everything that `find_papers` searches
    search_hint = "Title, author, BibTeX key, email address or submission number."
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
        ("Publisher checks", {"fields": ["findings", "licence"]}),
    ]

    @admin.display(description="title", ordering="title")
    def readable_title(self, paper: Paper) -> str:
        return paper.plain_title

    def has_add_permission(self, request: HttpRequest) -> bool:
        return can_edit_any(request)

    def get_readonly_fields(self, request: HttpRequest, obj: Paper | None = None) -> list[str]:
        return ["volume", "findings"] if obj else []

    def get_fieldsets(self, request: HttpRequest, obj: Paper | None = None) -> Any:
        """A new paper has no findings yet."""
        shown = super().get_fieldsets(request, obj)
        return shown if obj else [one for one in shown if "findings" not in one[1]["fields"]]

    def get_search_results(self, request: HttpRequest, rows: QuerySet[Any], search_term: str) -> Any:
        return find_papers(rows, search_term), False

    @admin.display(description="findings")
    def findings(self, paper: Paper) -> str:
        """Findings of the publisher checks for this paper and its file."""
        return findings_html(check_one(paper))

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        if "title_latex" in form.base_fields:
            form.base_fields["title_latex"].widget.attrs["rows"] = 2
        return form

    def save_formset(self, request: HttpRequest, form: Any, formset: BaseModelFormSet, change: bool) -> None:
        # Move the old positions away first: positions and the corresponding author are unique at all times.
        Author.objects.filter(paper=form.instance).update(position=F("position") + 1000, is_corresponding=False)
        formset.save()
        for row in formset.initial_forms:
            if row.instance.pk:
                row.instance.save(update_fields=["position", "is_corresponding"])
