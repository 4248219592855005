"""Checks an evidence bundle without the server that made it: ``python3 verify.py [FOLDER]``.

Needs Python 3.9 or newer and the `openssl` program, but no network and no database. The exit status is 0 if the bundle
is valid, else 1. The checks:

1. `sealed.pdf` has the SHA-256 that `agreement.json` states.
2. Its first `shown_length` bytes are the form that the signer was shown: their SHA-256 is in the signing event.
3. The files of a signed form have the SHA-256 that the accepting event states.
4. `events.jsonl` is complete: each digest covers its event and the digest before it; the last is `event_head`.
5. The seal covers the whole file but for its own value, and a certificate of `certificates.pem` made it.
"""

import hashlib
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Optional


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def check_file(folder: Path, agreement: dict[str, Any], pdf: bytes) -> Optional[str]:
    if sha256(pdf) != agreement["sealed_sha256"]:
        return "sealed.pdf is not the file that was sealed"
    if sha256(pdf[: agreement["shown_length"]]) != agreement["shown_sha256"]:
        return "sealed.pdf does not begin with the form that was shown"
    return None


def check_events(folder: Path, agreement: dict[str, Any], pdf: bytes) -> Optional[str]:
    previous, signed = "", None
    lines = (folder / "events.jsonl").read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, start=1):
        event = json.loads(line)
        digest = event.pop("digest")
        canonical = json.dumps(event, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        whole = event["number"] == number and event["previous"] == previous
        if not whole or event["agreement"] != agreement["reference"] or sha256(canonical.encode()) != digest:
            return f"event {number} was changed, or an event before it is missing"
        previous = digest
        signed = event if event["kind"] in ("sign", "accept") else signed
    if previous != agreement["event_head"]:
        return "the last event is missing"
    if signed is None or signed["data"]["shown_sha256"] != agreement["shown_sha256"]:
        return "the signing event names another form"
    return None


def check_signed_form(folder: Path, agreement: dict[str, Any], pdf: bytes) -> Optional[str]:
    lines = (folder / "events.jsonl").read_text(encoding="utf-8").splitlines()
    accepted = [event for event in map(json.loads, lines) if event["kind"] == "accept"]
    stated = [one["sha256"] for event in accepted for one in event["data"]["files"]]
    signed_forms = agreement.get("scans", {})
    if sorted(signed_forms.values()) != sorted(stated):
        return "the accepting event names other files"
    changed = [name for name, digest in signed_forms.items() if sha256((folder / name).read_bytes()) != digest]
    return f"{changed[0]} is not the file that the signer sent" if changed else None


def check_seal(folder: Path, agreement: dict[str, Any], pdf: bytes) -> Optional[str]:
    ranges = re.findall(rb"/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]", pdf)
    if len(ranges) != 1:
        return "sealed.pdf does not have exactly one seal"
    start, first, second, rest = map(int, ranges[0])
    if start != 0 or second + rest != len(pdf):
        return "the seal does not cover the whole file"
    hexadecimal = pdf[first + 1 : second - 1]
    try:
        signature = bytes.fromhex(hexadecimal.decode("ascii").rstrip("0").ljust(len(hexadecimal), "0"))
    except ValueError:
        return "the seal cannot be read"
    with tempfile.TemporaryDirectory() as scratch:
        value, content = Path(scratch, "seal.der"), Path(scratch, "content")
        # Zeros fill the space reserved for the seal; DER itself states the length of the value.
        value.write_bytes(signature[: der_length(signature)])
        content.write_bytes(pdf[:first] + pdf[second:])
        done = subprocess.run(
            [
                *("openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", value, "-content", content),
                *("-CAfile", folder / "certificates.pem", "-partial_chain", "-purpose", "any", "-no_check_time"),
                *("-out", Path(scratch, "out")),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
    return None if done.returncode == 0 else f"the seal is not valid: {done.stderr.strip().splitlines()[-1]}"


def der_length(data: bytes) -> int:
    """How many bytes the outermost DER value takes (X.690, 8.1.3)."""
    if data[1] < 0x80:
        return 2 + data[1]
    size = data[1] & 0x7F
    return 2 + size + int.from_bytes(data[2 : 2 + size], "big")


CHECKS = (("file", check_file), ("signed form", check_signed_form), ("events", check_events), ("seal", check_seal))


def main() -> int:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent)
    agreement = json.loads((folder / "agreement.json").read_text(encoding="utf-8"))
    pdf = (folder / "sealed.pdf").read_bytes()
    print(f"Agreement {agreement['reference']}: {agreement['title']}")
    failures = 0
    for what, check in CHECKS:
        problem = check(folder, agreement, pdf)
        failures += problem is not None
        print(f"  {what}: {problem or 'valid'}")
    print("NOT VALID" if failures else "VALID")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
