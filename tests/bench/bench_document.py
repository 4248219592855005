"""Costs of a document: the form compared with a naive Platypus build and a lower bound, the seal with pyHanko's.

python -m tests.bench.bench_document [ROUNDS]

Candidates take turns in one process, measured in CPU time, so that a busy machine slows them all. The ratios are the
result. Each document has another title and signer, so that caches of lines do not help. Half of the titles need two
lines.
"""

import importlib.util
import io
import statistics
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import PdfSignatureMetadata, sign_pdf
from pyhanko.sign import SimpleSigner as StockSigner
from pyhanko.sign.fields import SigSeedSubFilter
from reportlab.lib.enums import TA_CENTER, TA_JUSTIFY
from reportlab.lib.pagesizes import letter
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer

from agreements.documents import pdf, seal
from agreements.domain.facts import Snapshot
from agreements.documents.pdf import fonts
from agreements.documents.seal import document
from tests.agreements.documents_for_tests import HISTORY, VERIFY_URL, WORDING, facts, signature

DOCUMENTS = 40
"""Documents per round and candidate."""
SEALS = 6

Candidate = Callable[[Snapshot], object]
SimpleSigner: Any = StockSigner
_serial = count()


def distinct() -> Snapshot:
    """Returns a snapshot that differs from all earlier ones."""
    number = next(_serial)
    subject = f"Minimax Regret of Łukasiewicz Kernels, Part {number}"
    title = subject + (" under Adversarial Drift with Nonparametric Priors" if number % 2 else "")
    return facts(
        reference=f"247-bench{number}-7QKX2M", paper_key=f"bench{number}", title=title, signer=f"Nguyễn Erdős {number}"
    )


def naive(chosen: Snapshot) -> bytes:
    """Builds the same pages as in ReportLab's manual: paragraphs in a document template. Fonts are cached."""
    body = ParagraphStyle("body", fontName="Bench", fontSize=10.5, leading=13.8, alignment=TA_JUSTIFY, spaceAfter=8)
    nested = {indent: ParagraphStyle(f"n{indent}", parent=body, leftIndent=indent) for indent in (24, 48)}
    title = ParagraphStyle("title", parent=body, fontSize=20, leading=25, alignment=TA_CENTER)

    def foot(canvas: object, document: object) -> None:
        canvas.setFont("Bench", 8)  # type: ignore[attr-defined]
        canvas.drawString(104, 46, f"{chosen.reference}  ·  paper {chosen.paper_key}")  # type: ignore[attr-defined]
        canvas.drawString(104, 36, f"Check it at {VERIFY_URL}")  # type: ignore[attr-defined]

    story: list[object] = [Paragraph(escape(WORDING.title), title), Paragraph(escape(WORDING.subtitle), body)]
    blanks = iter((chosen.title, chosen.signer))
    story += [Paragraph(escape(part if isinstance(part, str) else next(blanks)), body) for part in WORDING.preamble]
    for clause in WORDING.clauses:
        story.append(Paragraph(f"{clause.number}. {escape(clause.text)}", nested[24]))
        story += [Paragraph(f"{part.number}. {escape(part.text)}", nested[48]) for part in clause.parts]
    story += [Paragraph(escape(line), body) for line in (WORDING.footnote, WORDING.agreement)]
    for label in (f"{WORDING.author_label} {chosen.signer}", WORDING.signed_label, WORDING.date_label):
        story += [Paragraph(escape(label), body), Spacer(1, 8)]
    output = io.BytesIO()
    template = SimpleDocTemplate(
        output, pagesize=letter, leftMargin=104, rightMargin=104, topMargin=92, bottomMargin=84
    )
    template.build(story, onFirstPage=foot, onLaterPages=foot)  # type: ignore[arg-type]
    return output.getvalue()


def form(chosen: Snapshot) -> bytes:
    """Builds the form with our code."""
    return pdf.render_form(chosen, WORDING, VERIFY_URL)


def floor_of(example: bytes) -> Candidate:
    """Returns the lower bound: copying the document and compressing the part that differs."""
    tail = example[example.index(b"/Type/XObject/Subtype/Form") :]
    return lambda _: (bytes(bytearray(example)), zlib.compress(tail))


def candidates_to_seal(folder: Path) -> tuple[bytes, dict[str, Callable[[], object]]]:
    """Returns a signed document, and the ways to seal it."""
    chosen = distinct()
    shown = form(chosen)
    sig = signature(shown)
    evidence = pdf.render_evidence(chosen, WORDING, sig, HISTORY, VERIFY_URL)
    whole = seal.complete(shown, pdf.signature_overlay(chosen, WORDING, sig), evidence)
    now = datetime.now(UTC)
    own = seal.new_key(folder / "p256.key", folder / "p256.pem", organisation="Bench", now=now)
    rsa_signer = simple_signer(folder, rsa.generate_private_key(public_exponent=65537, key_size=2048), own, now)
    ec_signer = SimpleSigner.load(str(folder / "p256.key"), str(folder / "p256.pem"))
    bare, why = ec.generate_private_key(ec.SECP256R1()), "Publication agreement"
    return whole, {
        "pyHanko's default, RSA-2048": lambda: stock(whole, rsa_signer),
        "pyHanko's default, P-256": lambda: stock(whole, ec_signer),
        "seal.seal, P-256, re-validated": lambda: seal.seal(whole, own, reason=why),
        "the same without the validation": lambda: document._sign(whole, own, why, "Bench", None, seal.TrustMaterial()),
        "a bare P-256 signature": lambda: bare.sign(whole, ec.ECDSA(hashes.SHA256())),
    }


def simple_signer(folder: Path, private: rsa.RSAPrivateKey, own: seal.SealKey, now: datetime) -> Any:
    certificate = (
        x509.CertificateBuilder()
        .subject_name(own.certificate.subject)
        .issuer_name(own.certificate.subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=400))
        .sign(private, hashes.SHA256())
    )
    encoding, clear = serialization.Encoding.PEM, serialization.NoEncryption()
    (folder / "rsa.key").write_bytes(private.private_bytes(encoding, serialization.PrivateFormat.PKCS8, clear))
    (folder / "rsa.pem").write_bytes(certificate.public_bytes(encoding))
    return SimpleSigner.load(str(folder / "rsa.key"), str(folder / "rsa.pem"))


def stock(whole: bytes, signer: Any) -> object:
    """Seals as in pyHanko's first example."""
    metadata = PdfSignatureMetadata(field_name="Seal", subfilter=SigSeedSubFilter.PADES, md_algorithm="sha256")
    return sign_pdf(IncrementalPdfFileWriter(io.BytesIO(whole)), metadata, signer=signer)


def cpu_ms(work: Callable[[], object], times: int) -> float:
    """Returns CPU milliseconds per piece of `work`, over `times` pieces."""
    start = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - start) * 1000 / times


def measure(candidates: dict[str, Callable[[], object]], rounds: int, times: int) -> dict[str, list[float]]:
    measured: dict[str, list[float]] = {name: [] for name in candidates}
    for work in candidates.values():
        work()
    for _ in range(rounds):
        for name, work in candidates.items():
            measured[name].append(cpu_ms(work, times))
    return measured


def table(title: str, measured: dict[str, list[float]]) -> Iterator[str]:
    """Prints one line per candidate: median milliseconds, and the median ratio to the first."""
    first = next(iter(measured.values()))
    yield f"{title:38} {'ms CPU':>9} {'x':>8}"
    for name, times in measured.items():
        ratio = statistics.median(base / own for base, own in zip(first, times, strict=True))
        yield f"{name:38} {statistics.median(times):9.3f} {ratio:8.1f}"


def main(rounds: int = 7) -> None:
    pdfmetrics.registerFont(TTFont("Bench", str(fonts.FOLDER / "SourceSerif4-Regular.ttf")))
    for _ in range(16):
        form(distinct())
    floor = floor_of(form(distinct()))
    forms = {
        "naive Platypus, fonts kept": lambda: naive(distinct()),
        "pdf.form": lambda: form(distinct()),
        "pdf.form, a name in Arabic": lambda: form(facts(title=distinct().title, signer="محمد بن موسى الخوارزمي")),
        "floor: copy, deflate the tail": lambda: floor(distinct()),
    }
    accelerated = "with" if importlib.util.find_spec("_rl_accel") else "without"
    print(f"{rounds} rounds, {DOCUMENTS} forms and {SEALS} seals each; Platypus {accelerated} rl_accel")
    print("\n".join(table("form (v0), 2 pages", measure(forms, rounds, DOCUMENTS))))
    with tempfile.TemporaryDirectory() as folder:
        whole, seals = candidates_to_seal(Path(folder))
        print("\n".join(table(f"seal of {len(whole):,} bytes", measure(seals, rounds, SEALS))))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
