"""Reasons that the application itself records when it replaces an agreement. Pure."""

from agreements.domain.translatable import Sentence

CORRECTED = Sentence("Corrected as the author proposed.")


def handed_over(to: str) -> Sentence:
    return Sentence("Handed over to %(name)s.", name=to)


def another_signer(name: str) -> Sentence:
    return Sentence("Another signer, as proposed: %(name)s.", name=name)


def recognised(reason: str, signer: str) -> str:
    """Return a stored `reason` as a translatable Sentence if it is one of ours, else unchanged (an editor's text)."""
    ours = (handed_over(signer), another_signer(signer), CORRECTED)
    return next((sentence for sentence in ours if sentence == reason), reason)
