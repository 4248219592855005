"""Is this the sealed file? One verdict, for the public page and the command line."""

from dataclasses import dataclass

from agreements import seal
from agreements.facts import sha256
from agreements.models import Agreement, SealCertificate


@dataclass(frozen=True, slots=True)
class Verification:
    """The verdict in words. `ours` tells a damaged file of this desk from one that never was of it."""

    valid: bool
    ours: bool
    headline: str
    lines: tuple[str, ...] = ()


def verify(body: bytes) -> Verification:
    """Judges any bytes. Valid: this desk stored exactly this file, and its seal and the form inside it hold."""
    agreement = Agreement.objects.filter(sealed_sha256=sha256(body)).first()
    pems = "".join(SealCertificate.objects.values_list("pem", flat=True))
    verdict = seal.inspect(
        body,
        trusted=seal.certificates(pems.encode()) if pems else (),
        shown_sha256=agreement.shown_sha256 if agreement else None,
        shown_length=len(agreement.shown.body) if agreement else None,
        sealed_sha256=agreement.sealed_sha256 if agreement else None,
    )
    if agreement and verdict.valid:
        return Verification(
            valid=True, ours=True, headline="This is the sealed file, unchanged.", lines=facts(agreement)
        )
    if not verdict.ours:
        return Verification(
            valid=False,
            ours=False,
            headline="This is not a file that was sealed here.",
            lines=("It carries no seal of this desk. Was it printed, scanned or saved anew?",),
        )
    problems = verdict.problems or ("Its seal holds, but no such file is on record here.",)
    return Verification(valid=False, ours=True, headline="This is not the sealed file: it was changed.", lines=problems)


def facts(agreement: Agreement) -> tuple[str, ...]:
    """What the sealed file says, for whoever holds it."""
    return (
        f"Agreement {agreement.reference}, paper {agreement.paper_key}: “{agreement.title}”.",
        f"Signed by {agreement.typed_name} on {agreement.signed_at:%Y-%m-%d %H:%M} UTC.",
        f"Sealed on {agreement.sealed_at:%Y-%m-%d %H:%M} UTC.",
        f"It stands as: {agreement.get_status_display()}.",
    )
