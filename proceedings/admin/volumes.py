"""Volumes and papers on the desk. The app above adds what concerns their agreements."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db.models import F, QuerySet, URLField
from django.forms import BaseInlineFormSet, BaseModelFormSet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.text import capfirst
from django_otp.plugins.otp_totp.models import TOTPDevice

from proceedings.accounts import two_factor
from proceedings.accounts.permissions import OwnVolumeFilter, OwnVolumes, edits, edits_anything
from proceedings.admin.fields import Lines, NamedLines
from proceedings.admin.files import FilePages
from proceedings.admin.imports import ImportPages
from proceedings.admin.names import NamePages
from proceedings.bibtex.findings import Finding, Severity
from proceedings.delivery.public_package import paper_records, volume_record
from proceedings.delivery.volume_check import file_findings
from proceedings.models import Author, Paper, User, Volume
from proceedings.models.search import find_papers
from proceedings.publisher.rules import check_paper

admin.site.unregister(Group)
admin.site.unregister(TOTPDevice)  # its pages would show the secrets of others


@admin.register(User)
class DeskUserAdmin(UserAdmin):
    """Without groups and permissions, which the desk does not ask: see `OwnVolumes`."""

    filter_horizontal = ()

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.is_superuser

    has_add_permission = has_change_permission = has_delete_permission = has_view_permission

    list_filter = ["is_staff", "is_superuser", "is_active"]
    readonly_fields = ["last_login", "date_joined", "two_step"]
    change_form_template = "admin/proceedings/user.html"
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("first_name", "last_name", "email", "zone")}),
        ("Desk", {"fields": ("is_active", "is_staff", "is_superuser")}),
        ("Login", {"fields": ("two_step", "last_login", "date_joined")}),
    )

    @admin.display(description="two-step login")
    def two_step(self, user: User) -> str:
        authenticator = two_factor.authenticator_of(user) if user.pk else None
        if authenticator is None:
            return "not set up; asked for at the next login" if settings.TWO_STEP_LOGIN else "not set up"
        left = two_factor.codes_left(user)
        return f"since {authenticator.created_at:%Y-%m-%d}, {left} recovery codes left"

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.reset_page)
        return [path("<int:pk>/two-step/", page, name="proceedings_user_reset_two_step"), *super().get_urls()]

    def reset_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """For somebody who has lost phone and codes: asks once more, then takes both away. It goes on record."""
        user = self.get_object(request, str(pk))
        if user is None or not self.has_change_permission(request, user):
            raise PermissionDenied
        if request.method == "POST":
            two_factor.forget(user)
            self.log_change(request, user, "Two-step login reset")
            self.message_user(request, f"Reset. {user} sets up two-step login at the next login.")
            return HttpResponseRedirect(reverse("admin:proceedings_user_change", args=[pk]))
        context = {**self.admin_site.each_context(request), "original": user, "opts": self.opts}
        title = {"title": f"Reset two-step login of {user}"}
        return render(request, "admin/proceedings/reset_two_step.html", context | title)


class VolumeForm(forms.ModelForm):
    editor_names = Lines(
        label="Volume editors’ names",
        required=False,
        help_text="One in each line, in their order, family name first, such as “Agrawal, Shipra”.",
    )
    sections = Lines(required=False, help_text="One in each line, in their order. A volume has none, or two and more.")
    extra = NamedLines(
        label="Further BibTeX fields",
        required=False,
        help_text="Kept and written back, one in each line, such as “conference_number = 37”.",
    )


@admin.register(Volume)
class VolumeAdmin(ImportPages, NamePages, FilePages):
    form = VolumeForm
    list_display = ["__str__", "name", "published"]
    search_fields = ["=number", "name", "shortname"]
    formfield_overrides = {URLField: {"assume_scheme": "https"}}
    fieldsets = [
        (None, {"fields": ["number", "name", "shortname", "year", "booktitle", "bib_key"]}),
        ("Conference", {"fields": [("start", "end"), "address", "conference_url"]}),
        ("Publication", {"fields": ["published", "editor_names", "sections", "extra"]}),
        ("Desk", {"fields": ["editors", "assistants"]}),
    ]

    def get_readonly_fields(self, request: HttpRequest, obj: Volume | None = None) -> list[str]:
        # The number names every delivered file, and an editor must not appoint anybody.
        return [] if request.user.is_superuser else ["number", "editors", "assistants"]

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        # One tick each: the admin's two boxes with arrows are no help to those who cannot see them.
        people = User.objects.filter(is_staff=True).order_by("username")
        return forms.ModelMultipleChoiceField(
            people,
            label=capfirst(db_field.verbose_name),
            required=False,
            widget=forms.CheckboxSelectMultiple,
            help_text=db_field.help_text,
        )


class AuthorForm(forms.ModelForm):
    def _get_validation_exclusions(self) -> set[str]:
        # Row by row, exchanging two authors or moving the contact would collide with what is not yet saved; the
        # formset looks at all rows together instead, and the database has the last word.
        return super()._get_validation_exclusions() | {"position", "is_contact"}  # type: ignore[misc,no-any-return]


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
        contacts = [row for row in rows if row["is_contact"]]
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
                    ("email", "is_contact"),
                    ("affiliation", "orcid"),
                ]
            },
        )
    ]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True  # the paper's page has asked already

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return edits(request, obj.volume_id if obj else None)

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
        return edits_anything(request)

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
        Author.objects.filter(paper=form.instance).update(position=F("position") + 1000, is_contact=False)
        formset.save()
        for row in formset.initial_forms:
            if row.instance.pk:
                row.instance.save(update_fields=["position", "is_contact"])
