"""Search agreements by what they state."""

from typing import Any

from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast

from agreements.models import Agreement
from proceedings.models.search import Index, SearchText, matching, search_words

STATED = SearchText("reference", "title", "signer", "signer_email", Cast("authors", TextField()))
"""The reference contains the paper's key."""
INDEXES: list[Index] = [("agreement_search", Agreement, STATED)]


def find_agreements(agreements: QuerySet[Any], text: str) -> QuerySet[Any]:
    """Return those of `agreements` that contain every word of `text`."""
    for word in search_words(text):
        agreements = matching(agreements, STATED, word)
    return agreements
