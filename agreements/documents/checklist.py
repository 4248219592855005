"""What an editor checks on a signed form."""

from django.utils.translation import gettext_lazy

CONFIRMED_LABELS = {
    "name": "the signer’s name is on it",
    "signature": "it is signed by hand",
    "date": "it is dated",
    "title": "its title is the paper’s",
    "text": "its text is the publisher’s, nothing struck out or added",
    "pages": "all its pages are there, and can be read",
}
"""What the editor ticks. The evidence page prints these words and events hold only the keys, so the words never change:
other words need other keys.
"""

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
