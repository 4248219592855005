"""Reasons that the program itself gives: also those that rows of earlier versions hold."""

import pytest

from agreements.domain import reasons
from agreements.domain.translatable import Sentence


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("Corrected as the author proposed.", "Changed as the author requested."),
        ("Handed over to Ada Lovelace.", "Signing was delegated to Ada Lovelace."),
        ("Another signer, as proposed: Ada Lovelace.", "New signer, as requested: Ada Lovelace."),
        (str(reasons.CHANGED), "Changed as the author requested."),
        (str(reasons.delegated_to("Ada Lovelace")), "Signing was delegated to Ada Lovelace."),
        (str(reasons.signer_changed_to("Ada Lovelace")), "New signer, as requested: Ada Lovelace."),
    ],
)
def test_a_stored_reason_of_ours_can_be_translated_again(stored: str, shown: str) -> None:
    found = reasons.as_sentence(stored, "Ada Lovelace")
    assert found == shown
    assert isinstance(found, Sentence)


@pytest.mark.parametrize("stored", ["The title changed.", "Handed over to Grace Hopper."])
def test_other_reasons_stay_as_they_are(stored: str) -> None:
    found = reasons.as_sentence(stored, "Ada Lovelace")
    assert found == stored
    assert not isinstance(found, Sentence)
