"""Forms that authors submit: the signature, declining, and requests."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agreements.documents import pdf
from agreements.domain import drawn_signature
from agreements.domain.agreement_text import AgreementWording
from agreements.domain.differences import compare_snapshot
from agreements.domain.facts import Snapshot
from proceedings.bibtex.name_matching import compatible, same_letters, same_words
from proceedings.bibtex.names import Name, NotANameError, read_name
from proceedings.models import Author
from proceedings.models.address_field import AddressFormField

BESIDE = re.compile(r"([^()（）]+)\s*[(（]([^()（）]+)[)）]")
"""A name followed by another spelling in brackets, such as the native script after Latin letters."""

TOO_LONG = gettext_lazy("This is too long. Write at most %(limit_value)d characters.")


class SignForm(forms.Form):
    """Name and two ticks. Nothing is filled in or ticked beforehand (15 USC 7006(5): intent)."""

    typed_name = forms.CharField(
        label=gettext_lazy("Your full name"),
        max_length=300,
        error_messages={"required": gettext_lazy("Type your full name. It is your signature.")},
    )
    same_name = forms.BooleanField(required=False)
    authority = forms.BooleanField(
        error_messages={
            "required": gettext_lazy("Tick this if you may sign for all authors. If you may not, do not sign.")
        }
    )
    consent = forms.BooleanField(
        error_messages={
            "required": gettext_lazy(
                "Tick this to sign electronically. To sign by hand, use the link above the agreement."
            )
        }
    )
    drawing = forms.CharField(required=False, strip=False)
    """An optional drawn signature, which only a browser with scripts sends."""
    shown = forms.CharField(max_length=64, widget=forms.HiddenInput)
    """SHA-256 of the PDF that this page offered: what is signed is what was shown."""

    def __init__(self, *args: Any, signer: str, wording: AgreementWording, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.signer, self.wording = signer, wording
        self.asks_about_name = False

    def clean_typed_name(self) -> str:
        typed = " ".join(self.cleaned_data["typed_name"].split())
        if missing := pdf.find_unprintable(typed):
            named = ", ".join(f"{char if char.isprintable() else ''} U+{ord(char):04X}".strip() for char in missing)
            raise forms.ValidationError(
                _("The form cannot print %(letters)s. Please write your name in other letters, such as Latin letters.")
                % {"letters": named}
            )
        if not pdf.fits_the_line(typed, self.wording):
            raise forms.ValidationError(
                _("This name is too long for the signature line. Please shorten it, for example with initials.")
            )
        return typed

    def clean_drawing(self) -> str:
        drawn: str = self.cleaned_data["drawing"]
        try:
            drawn_signature.parse_drawing(drawn)
        except drawn_signature.DrawingError as refusal:
            raise forms.ValidationError(
                _("The drawn signature is incomplete. Draw it again, or clear it. The typed name is enough.")
            ) from refusal
        return drawn

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        typed = data.get("typed_name")
        if typed and data.get("drawing") and not pdf.fits_the_line(typed, self.wording, drawn=True):
            self.add_error(
                "typed_name",
                _(
                    "This name is too long beside your drawn signature. Please shorten it, for example with initials, "
                    "or clear the drawing."
                ),
            )
        if typed and not same_person(typed, self.signer):
            self.asks_about_name = True
            if not data.get("same_name"):
                self.add_error(
                    "typed_name",
                    _(
                        "The agreement names %(name)s. If that is you, tick the box below the name. If not, do not "
                        "sign. Answer our email instead."
                    )
                    % {"name": self.signer},
                )
        return data


def same_person(typed: str, signer: str) -> bool:
    """Whether `typed` is a way to write the name `signer`, ignoring case, accents, order, initials and middle names.

    Either may have another spelling in brackets: “Zhuohan Li (李卓翰)” matches both.
    """
    return any(same_name(way, other) for way in ways(typed) for other in ways(signer))


def ways(name: str) -> list[str]:
    """The spellings of `name`: the whole, and the parts before and in brackets at its end."""
    beside = BESIDE.fullmatch(name.strip())
    return [name, *beside.groups()] if beside else [name]


def same_name(typed: str, signer: str) -> bool:
    try:
        one, other = read_name(typed).name, read_name(signer).name
    except NotANameError:
        one, other = Name(typed), Name(signer)
    return same_words(one, other) or same_letters(one, other) or compatible(one, other)


class DeclineForm(forms.Form):
    """The tick stops programs that press every button: declining cannot be undone."""

    reason = forms.CharField(
        label=gettext_lazy("Reason (optional)"),
        required=False,
        max_length=2000,
        error_messages={"max_length": TOO_LONG},
    )
    sure = forms.BooleanField(
        error_messages={"required": gettext_lazy("Tick this to decline. Nothing was changed yet.")}
    )


class ObjectionForm(forms.Form):
    """A reason, because the editors must judge it; a tick, because the objection stays on record."""

    reason = forms.CharField(
        label=gettext_lazy("Why do you object?"),
        max_length=2000,
        error_messages={
            "required": gettext_lazy("Give a reason, so that the editors can decide."),
            "max_length": TOO_LONG,
        },
    )
    sure = forms.BooleanField(
        error_messages={"required": gettext_lazy("Tick this to object. Nothing was changed yet.")}
    )


class EditForm(forms.Form):
    """The answer to an edit (clause 5). A no needs a reason, so that the editors can correct the edit."""

    right = forms.ChoiceField(
        choices=[("yes", gettext_lazy("Yes, publish it like this.")), ("no", gettext_lazy("No, not like this."))],
        error_messages={"required": gettext_lazy("Choose yes or no.")},
    )
    words = forms.CharField(
        label=gettext_lazy("What should be different?"),
        required=False,
        max_length=2000,
        error_messages={"max_length": TOO_LONG},
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("right") == "no" and not cleaned.get("words"):
            self.add_error("words", _("Say what should be different, so that the editors can correct it."))
        return cleaned


class CorrectionForm(forms.Form):
    """A correction of the published paper, with the fields of the publisher's form."""

    nature = forms.ChoiceField(
        choices=[
            ("meta", gettext_lazy("A small error in the title, a name, the abstract or the page numbers")),
            ("pdf", gettext_lazy("A new PDF")),
            ("content", gettext_lazy("The content of the paper")),
        ],
        error_messages={"required": gettext_lazy("Choose what should change.")},
    )
    description = forms.CharField(
        label=gettext_lazy("Description"),
        max_length=4000,
        error_messages={
            "required": gettext_lazy("Say where it is, what it says now and what it should say."),
            "max_length": TOO_LONG,
        },
    )
    notes = forms.CharField(
        label=gettext_lazy("Reason (optional)"),
        required=False,
        max_length=2000,
        error_messages={"max_length": TOO_LONG},
    )


class DelegateForm(forms.Form):
    """The new signer: another author, or another person.

    An unknown address must be entered, and a person who is not an author needs a name as well; then the editors
    decide.
    """

    SOMEBODY_ELSE = "somebody-else"

    to = forms.ChoiceField(
        error_messages={
            "required": gettext_lazy("Choose who should sign."),
            "invalid_choice": gettext_lazy("Choose a person from the list."),
        }
    )
    name = forms.CharField(required=False, max_length=200, error_messages={"max_length": TOO_LONG})
    email = AddressFormField(
        required=False,
        error_messages=dict.fromkeys(
            ("invalid", "masked"), gettext_lazy("This is not an email address. Write it like name@example.org.")
        )
        | {
            "utf8": gettext_lazy(
                "Our mail server cannot send to this address. Enter one with plain letters before the @."
            )
        },
    )
    note = forms.CharField(required=False, max_length=2000, error_messages={"max_length": TOO_LONG})
    sure = forms.BooleanField(
        error_messages={"required": gettext_lazy("Tick this to delegate signing. Nothing was changed yet.")}
    )

    def __init__(self, *args: Any, authors: Sequence[Author], wording: AgreementWording, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.authors, self.wording = {str(author.pk): author for author in authors}, wording
        choices = cast("forms.ChoiceField", self.fields["to"])
        choices.choices = [(pk, author.display) for pk, author in self.authors.items()] + [(self.SOMEBODY_ELSE, "")]

    def clean_name(self) -> str:
        name = require_printable(self.cleaned_data["name"])
        return signable(name, self.wording) if name else ""

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        author = self.authors.get(data.get("to", ""))
        if data.get("to") == self.SOMEBODY_ELSE:
            self.clean_somebody_else(data)
        elif author and not author.email and not data.get("email") and "email" not in self.errors:
            missing = _("We have no address for %(name)s. Type it. An editor will check it.")
            self.add_error("email", missing % {"name": author.display})
        return data | {"author": author}

    def clean_somebody_else(self, data: dict[str, Any]) -> None:
        listed = next((a for a in self.authors.values() if same_person(data.get("name") or "", a.display)), None)
        if "name" not in self.errors and not data.get("name"):
            self.add_error("name", _("Type the name of the person who should sign."))
        elif listed:
            self.add_error("name", _("%(name)s is an author. Choose this name above.") % {"name": listed.display})
        if "email" not in self.errors and not data.get("email"):
            self.add_error("email", _("Type their email address. An editor will check it."))

    @property
    def wanted(self) -> dict[str, Any]:
        """The new signer, as a change request stores it."""
        author, email = self.cleaned_data["author"], self.cleaned_data["email"]
        if author is None:
            return {"name": self.cleaned_data["name"], "email": email}
        return {"author": author.pk, "name": unicodedata.normalize("NFC", author.display), "email": email}


class ChangeRequestForm(forms.Form):
    """The requested title and authors, filled in with the present ones."""

    title = forms.CharField(
        label=gettext_lazy("Title"),
        max_length=500,
        error_messages={
            "required": gettext_lazy("The title is empty. Type the title."),
            "max_length": gettext_lazy("This title is too long. Write at most %(limit_value)d characters."),
        },
    )
    authors = forms.CharField(
        label=gettext_lazy("Authors in order, one per line"),
        max_length=20_000,
        error_messages={"required": gettext_lazy("The list of authors is empty. Type at least one author.")},
    )
    note = forms.CharField(
        label=gettext_lazy("Note to the editors (optional)"),
        required=False,
        max_length=2000,
        error_messages={"max_length": TOO_LONG},
    )

    def __init__(self, data: QueryDict | None = None, *, facts: Snapshot, wording: AgreementWording) -> None:
        super().__init__(data, initial={"title": facts.title, "authors": "\n".join(facts.authors)})
        self.facts, self.wording = facts, wording

    def clean_title(self) -> str:
        return require_printable(self.cleaned_data["title"])

    def clean_authors(self) -> list[str]:
        names = [require_printable(line) for line in self.cleaned_data["authors"].splitlines() if line.strip()]
        if too_long := next((name for name in names if len(name) > 200), None):
            too_much = _("“%(start)s…” is too long for a name. Write one author per line.")
            raise forms.ValidationError(too_much % {"start": too_long[:40]})
        return [signable(name, self.wording) for name in names]  # each of them may have to sign later

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if not self.errors and not compare_snapshot(self.facts, self.wanted):
            self.add_error("title", _("The agreement already says this. Change what is wrong."))
        return data

    @property
    def wanted(self) -> dict[str, Any]:
        """Title and authors, as a change request stores them."""
        return {"title": self.cleaned_data["title"], "authors": self.cleaned_data["authors"]}


def require_printable(text: str) -> str:
    """`text` in NFC with single spaces. Raises ValidationError for characters that the form cannot print."""
    tidy = unicodedata.normalize("NFC", " ".join(text.split()))
    if missing := pdf.find_unprintable(tidy):
        named = ", ".join(f"{char if char.isprintable() else ''} U+{ord(char):04X}".strip() for char in missing)
        refusal = _("The form cannot print %(letters)s. Please use other letters.")
        raise forms.ValidationError(refusal % {"letters": named})
    return tidy


def signable(name: str, wording: AgreementWording) -> str:
    """`name`, if it fits the form; otherwise raises ValidationError."""
    if not pdf.fits_the_line(name, wording):
        too_wide = _("“%(name)s” is too long for the signature line. Please shorten it, for example with initials.")
        raise forms.ValidationError(too_wide % {"name": name})
    return name


class CopyForm(forms.Form):
    """The reference, not an address: we email only the address on file."""

    reference = forms.CharField(
        label=gettext_lazy("Reference of the agreement"),
        max_length=140,
        error_messages={"required": gettext_lazy("Type the reference, such as 247-smith24-7QKX2M.")},
    )


MAX_BYTES = 20 * 1024 * 1024
"""Far larger than any sealed agreement."""
TOO_LARGE = gettext_lazy("The file is larger than 20 MB, so it is not a sealed agreement. Choose another file.")


class VerifyForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("A sealed agreement (PDF)"),
        error_messages={
            "required": gettext_lazy("Choose a PDF file."),
            "empty": gettext_lazy("The file is empty. Choose the PDF that we emailed you."),
            "invalid": gettext_lazy("Your browser sent no file. Choose a PDF file."),
        },
    )

    def clean_file(self) -> UploadedFile:
        file: UploadedFile = self.cleaned_data["file"]
        if (file.size or 0) > MAX_BYTES:
            raise forms.ValidationError(TOO_LARGE)
        return file
