"""Reasons that the application itself records when it replaces an agreement. Pure."""

from agreements.domain.translatable import Sentence

CORRECTED = Sentence("Corrected as the author proposed.")


def delegated_to(to: str) -> Sentence:
    return Sentence("Handed over to %(name)s.", name=to)


def signer_changed_to(name: str) -> Sentence:
    return Sentence("Another signer, as proposed: %(name)s.", name=name)


def as_sentence(reason: str, signer: str) -> str:
    """Return a stored `reason` as a translatable Sentence if it is one of ours, else unchanged (an editor's text)."""
    known_reasons = (delegated_to(signer), signer_changed_to(signer), CORRECTED)
    return next((sentence for sentence in known_reasons if sentence == reason), reason)
