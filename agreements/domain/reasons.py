"""Why one agreement replaces another, where the author's request is the reason. Pure."""

from agreements.domain.translatable import Sentence

CHANGED = Sentence("Changed as the author requested.")


def delegated_to(to: str) -> Sentence:
    return Sentence("Signing was delegated to %(name)s.", name=to)


def signer_changed_to(name: str) -> Sentence:
    return Sentence("New signer, as requested: %(name)s.", name=name)


def as_sentence(reason: str, signer: str) -> str:
    """The stored `reason` as a translatable sentence if it is one of ours; else unchanged, as an editor wrote it.

    `signer` signs the new agreement. Rows of earlier versions hold the former texts.
    """
    stored = {
        "Corrected as the author proposed.": CHANGED,
        f"Handed over to {signer}.": delegated_to(signer),
        f"Another signer, as proposed: {signer}.": signer_changed_to(signer),
    }
    ours = {str(sentence): sentence for sentence in stored.values()}
    return (stored | ours).get(reason, reason)
