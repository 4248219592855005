"""Why one agreement takes another's place, where the desk itself says so and not an editor. Pure."""

from agreements.domain.translatable import Sentence

CORRECTED = Sentence("Corrected as the author proposed.")


def handed_over(to: str) -> Sentence:
    return Sentence("Handed over to %(name)s.", name=to)


def another_signer(name: str) -> Sentence:
    return Sentence("Another signer, as proposed: %(name)s.", name=name)


def recognised(reason: str, signer: str) -> str:
    """`reason` as it was kept, as a sentence again if it is ours about the new `signer`; else an editor's words."""
    ours = (handed_over(signer), another_signer(signer), CORRECTED)
    return next((sentence for sentence in ours if sentence == reason), reason)
