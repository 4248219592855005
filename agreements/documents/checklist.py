"""What an editor checks on a signed form."""

from django.utils.translation import gettext_lazy

CONFIRMED_LABELS = {
    "name": "it has the signer’s name",
    "signature": "it is signed by hand",
    "date": "it has a date",
    "title": "it has the paper’s title",
    "text": "it has the publisher’s text, without changes",
    "pages": "it has all pages, and they are readable",
}
"""What the editor confirms. For the admin and the events."""

MISSING_LABELS = {
    "name": "the signer’s name",
    "signature": "a handwritten signature",
    "date": "the date",
    "title": "the right title",
    "text": "the original text",
    "pages": "a readable page",
}
"""The same if it was not found. For the admin and the events."""

AUTHOR_MESSAGES = {
    "name": gettext_lazy("Your name is missing."),
    "signature": gettext_lazy("Your handwritten signature is missing."),
    "date": gettext_lazy("The date is missing."),
    "title": gettext_lazy("The title is not the title of this paper. You may have sent the form of another paper."),
    "text": gettext_lazy("The text was changed. You can sign only the original text."),
    "pages": gettext_lazy("A page is missing or not fully readable."),
}
"""The same for the author, translated."""
