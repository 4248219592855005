"""What authors send: the signature and the refusal."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from agreements import pdf
from proceedings.contacts import compatible, same_letters, same_words
from proceedings.names import Name, NotANameError, read_name


class SignForm(forms.Form):
    """Name, two ticks. Nothing is filled in or ticked beforehand (15 USC 7006(5): intent)."""

    typed_name = forms.CharField(
        label="Your full name",
        max_length=300,
        error_messages={"required": "Type your full name; it is your signature."},
    )
    same_name = forms.BooleanField(required=False)
    authority = forms.BooleanField(
        error_messages={"required": "Tick this if you may sign for all authors. If you may not, do not sign."}
    )
    consent = forms.BooleanField(
        error_messages={"required": "Tick this to sign electronically, or answer the mail to sign on paper."}
    )
    shown = forms.CharField(max_length=64, widget=forms.HiddenInput)
    """SHA-256 of the PDF that this page offered: what is signed is what was shown."""

    def __init__(self, *args: Any, signer: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.signer = signer
        self.asks_about_name = False

    def clean_typed_name(self) -> str:
        typed = " ".join(self.cleaned_data["typed_name"].split())
        if missing := pdf.unprintable(typed):
            named = ", ".join(f"{char if char.isprintable() else ''} U+{ord(char):04X}".strip() for char in missing)
            raise forms.ValidationError(
                f"The form cannot show {named}. Please write your name in other letters, such as Latin ones."
            )
        return typed

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        typed = data.get("typed_name")
        if typed and not same_person(typed, self.signer):
            self.asks_about_name = True
            if not data.get("same_name"):
                self.add_error(
                    "typed_name",
                    f"The agreement names {self.signer}. If that is you and you write your name so, tick the box below "
                    "the name. If it is not you, do not sign: answer the mail instead.",
                )
        return data


def same_person(typed: str, signer: str) -> bool:
    """Whether `typed` is a way to write the name `signer`: case, accents, order, initials and middle names aside."""
    try:
        one, other = read_name(typed).name, read_name(signer).name
    except NotANameError:
        one, other = Name(typed), Name(signer)
    return same_words(one, other) or same_letters(one, other) or compatible(one, other)


class DeclineForm(forms.Form):
    """The tick keeps out machines that press every button they find: declining cannot be taken back."""

    reason = forms.CharField(
        label="Why? (optional)",
        required=False,
        max_length=2000,
        error_messages={"max_length": "That is too long. Please say it in at most %(limit_value)d characters."},
    )
    sure = forms.BooleanField(error_messages={"required": "Tick this to decline. Nothing has happened yet."})


MOST_BYTES = 20 * 1024 * 1024
"""Far above any sealed agreement; a larger file cannot be one."""
TOO_LARGE = "The file is larger than 20 MB, so it is not a sealed agreement."


class VerifyForm(forms.Form):
    file = forms.FileField(
        label="A sealed agreement (PDF)",
        error_messages={
            "required": "Choose a PDF file.",
            "empty": "The file is empty. Choose the PDF that came by mail.",
            "invalid": "Your browser sent no file. Choose a PDF file.",
        },
    )

    def clean_file(self) -> UploadedFile:
        file: UploadedFile = self.cleaned_data["file"]
        if (file.size or 0) > MOST_BYTES:
            raise forms.ValidationError(TOO_LARGE)
        return file
