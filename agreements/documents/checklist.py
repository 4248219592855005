"""What an editor checks on a signed form."""

from django.utils.translation import gettext_lazy

FOUND = {
    "name": "the signer’s name is on it",
    "signature": "it is signed by hand",
    "date": "it is dated",
    "title": "its title is the paper’s",
    "text": "its text is the publisher’s, nothing struck out or added",
    "pages": "all its pages are there, and can be read",
}
"""What the editor confirms. For the admin and the events."""

LACKING = {
    "name": "the signer’s name",
    "signature": "a signature by hand",
    "date": "the date",
    "title": "the right title",
    "text": "the text as it was",
    "pages": "a page, or a part of one that can be read",
}
"""The same if it was not found. For the admin and the events."""

TOLD = {
    "name": gettext_lazy("Your name is not on it."),
    "signature": gettext_lazy("Your signature by hand is not on it."),
    "date": gettext_lazy("The date is not on it."),
    "title": gettext_lazy("It is the form of another paper: the title is not this paper’s."),
    "text": gettext_lazy("Its text was changed. The agreement can be signed only as it is."),
    "pages": gettext_lazy("A page is missing, or a part of one cannot be read."),
}
"""The same for the author, translated."""
