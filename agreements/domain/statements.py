"""The two statements a signer ticks. Pure. The ticked text is copied into the agreement."""

from agreements.domain.facts import SignedStatement, Snapshot
from agreements.domain.translatable import Sentence

CONSENT = Sentence(
    "I agree to read, sign and receive this one agreement in electronic form. I know that I can sign it on paper "
    "instead, free of charge, by the way that this page offers; that until I sign I can withdraw this consent by "
    "leaving this page or by declining; that I can correct my e-mail address by answering the mail that brought me "
    "here; and that I need a browser and a program that opens PDF files to read and keep my copy."
)


def consent() -> SignedStatement:
    """Consent to sign electronically. States what 15 USC 7001(c)(1)(B)-(C) requires beforehand."""
    return SignedStatement(CONSENT)


def authority(facts: Snapshot) -> SignedStatement:
    """The signer acts for all named authors (clause 1)."""
    said = Sentence("I sign for all authors: %(names)s.", names="; ".join(facts.authors))
    return SignedStatement(said, names=facts.authors)
