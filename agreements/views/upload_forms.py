"""The form signed by hand, as an author sends it: looked into before it is believed."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy

from agreements.documents.uploads import inspect, virus_scan
from agreements.documents.uploads.inspect import Refusal
from agreements.documents.uploads.rules import MOST_BYTES

TOO_LARGE = gettext_lazy("That is more than 20 MB. Scan the form in black and white, or take smaller photos.")
NO_ROOM = gettext_lazy(
    "There is no room for more files at present, and the desk has been told. Sign online, or send the form tomorrow."
)
INFECTED = gettext_lazy("A virus scanner objects to this file. Scan the form again, or send photos of its pages.")
UNCHECKED = gettext_lazy("The file could not be looked through just now. Send it again in an hour, or sign online.")
WORDS = {
    Refusal.EMPTY: gettext_lazy("The file is empty. Choose the scan or the photo of the signed form."),
    Refusal.HEIC: gettext_lazy(
        "This is a HEIC photo, which many programs cannot open. On an iPhone, choose Settings, Camera, Formats, “Most "
        "Compatible” and take it again; or send the form as a PDF."
    ),
    Refusal.OTHER: gettext_lazy("This is no PDF, and no JPEG or PNG photo. Save or scan the form as one of these."),
    Refusal.TOO_LARGE: TOO_LARGE,
    Refusal.TOO_MANY_PAGES: gettext_lazy("This has more than 60 pages. Send the signed form only."),
    Refusal.TOO_MANY_PIXELS: gettext_lazy("This picture has more than 40 megapixels. Take or save it smaller."),
    Refusal.LOCKED: gettext_lazy(
        "This PDF is locked with a password. Save it without one, or send photos of the pages."
    ),
    Refusal.ACTIVE: gettext_lazy(
        "This PDF has a script or another file inside, which could do harm. Print it to a new PDF, or send photos of "
        "its pages."
    ),
    Refusal.TWO_IN_ONE: gettext_lazy(
        "This file holds something else beside the form. Scan the form again, or send photos of its pages."
    ),
    Refusal.TOO_MUCH: gettext_lazy(
        "This file unpacks to far more than a form. Scan the form again, or send photos of its pages."
    ),
    Refusal.BROKEN: gettext_lazy("This file is damaged or not whole. Send it again, or send photos of the pages."),
}
"""Why a file is not taken, and what to do instead."""


class UploadForm(forms.Form):
    """One PDF, or a photo of each of the form's two pages. `cleaned_data` has them as `pages`."""

    first = forms.FileField(
        label=gettext_lazy("The signed form as a PDF, or a photo of its first page"),
        error_messages={
            "required": gettext_lazy("Choose the scan or the photo of the signed form."),
            "empty": WORDS[Refusal.EMPTY],
            "invalid": gettext_lazy("Your browser sent no file. Choose it again."),
        },
    )
    second = forms.FileField(
        label=gettext_lazy("A photo of its second page"),
        required=False,
        error_messages={"empty": WORDS[Refusal.EMPTY]},
    )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        names = [name for name in ("first", "second") if isinstance(data.get(name), UploadedFile)]
        if self.errors:
            return data
        if sum(data[name].size for name in names) > MOST_BYTES:
            self.add_error("first", TOO_LARGE)
            return data
        bodies = [data[name].read() for name in names]
        for name, body in zip(names, bodies, strict=True):
            try:
                virus_scan.look(body)
            except virus_scan.Infected:
                self.add_error(name, INFECTED)
            except virus_scan.Unchecked:
                self.add_error(name, UNCHECKED)
        if self.errors:
            return data
        try:
            data["pages"] = inspect.look(bodies)
        except inspect.Refused as refused:
            self.add_error(names[min(refused.number, len(names) - 1)], WORDS[refused.refusal])
        return data
