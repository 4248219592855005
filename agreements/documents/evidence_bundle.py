"""The evidence bundle of a sealed agreement: everything a third party needs to verify it without this site."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

from django.core.files.storage import storages

from agreements.models import Agreement, ShownForm

STANDALONE = Path(__file__).parents[1] / "standalone"
"""Files in every bundle: how signatures are tied to signers (Ruiz v. Moss Bros), and the verification script."""
EPOCH = (1980, 1, 1, 0, 0, 0)
"""Date of the zip entries. It is fixed, so that the same data gives the same bytes."""


def build_bundle(agreement: Agreement, *, as_sealed: bool = False) -> bytes:
    """Return a zip file with the sealed PDF, the events, the certificate, `verify.py` and the files of a signed form.

    With `as_sealed` the history ends with the seal: later emails and deliveries do not change the bundle. Raises
    ValueError if the agreement is not sealed.
    """
    if agreement.seal_certificate is None:
        raise ValueError(f"{agreement} is not sealed.")
    with storages["private"].open(agreement.sealed_file) as file:
        sealed = file.read()
    # Not `agreement.shown`: for 3,500 papers all these bytes would stay in memory.
    shown = ShownForm.objects.values_list("body", flat=True).get(agreement=agreement)
    history = list(agreement.events.all())
    if as_sealed:
        last = max(event.number for event in history if event.kind == "seal")
        history = [event for event in history if event.number <= last]
    signed_forms = {
        f"scan-{number}.{one['kind']}": one for number, one in enumerate(signed_form_files(agreement), start=1)
    }
    # The keys never change: verify.py of any version must be able to check bundles of any other.
    statement = {
        "reference": agreement.reference,
        "paper": agreement.paper_key,
        "title": agreement.title,
        "authors": agreement.authors,
        "signer": agreement.signer,
        "text_version": agreement.text.version,
        "text_sha256": agreement.text.digest,
        "shown_sha256": agreement.shown_sha256,
        "shown_length": len(shown),
        "sealed_sha256": agreement.sealed_sha256,
        "seal_level": agreement.seal_level,
        "event_head": history[-1].digest,
        "scans": {name: one["sha256"] for name, one in signed_forms.items()},
    }
    events = (event.content(agreement.reference) | {"digest": event.digest} for event in history)
    files = {
        "sealed.pdf": sealed,
        "agreement.json": json.dumps(statement, ensure_ascii=False, indent=1).encode(),
        "events.jsonl": "".join(json.dumps(event, ensure_ascii=False) + "\n" for event in events).encode(),
        "certificates.pem": agreement.seal_certificate.pem.encode(),
        "text.md": agreement.text.body.encode(),
    } | {name: (STANDALONE / name).read_bytes() for name in ("procedure.txt", "verify.py")}
    for name, one in signed_forms.items():
        with storages["private"].open(one["name"]) as file:
            files[name] = file.read()
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in files.items():
            archive.writestr(zipfile.ZipInfo(name, date_time=EPOCH), body)
    return output.getvalue()


def signed_form_files(agreement: Agreement) -> list[dict[str, Any]]:
    """Return the original files of the signed form; empty for a signature by link."""
    return list(agreement.signed_form.files) if agreement.signed_form else []
