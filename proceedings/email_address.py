"""Email addresses: the one way in, one form in which they are kept, and one key by which they are compared. Pure.

An address is kept as mail servers write it: its domain in lower case and in ASCII by IDNA 2008 (RFC 5891), its local
part, which only its own server may interpret, as it was typed and in Unicode's form NFC.
"""

import re
import unicodedata
from collections.abc import Iterable
from contextlib import suppress
from functools import lru_cache
from urllib.parse import unquote

import idna

MAX_LENGTH = 254
"""Limit of bytes in an address (RFC 5321, 4.5.3.1.3, without the angle brackets)."""

INVISIBLE = "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u3164\ufeff\uffa0"
"""Characters that show nothing and that Unicode does not count among formats (Cf), or that old addresses may hold."""

_EXAMPLE = "write it like name@example.org"
_AFTER_AT = "correct the part after the @"
_JOINERS = "\u200c\u200d"
_FULL_WIDTH = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)}  # as East Asian keyboards type them
_BLANKS = re.compile(r"\s+")
_PLAIN = re.compile(r"[\w!#$%&'*+/=?^`{|}~.-]+@[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?", re.ASCII | re.IGNORECASE)
_ATOM = r"[^\x00-\x20\x7f()<>\[\]:;@\\,.\"]+"
_LOCAL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_QUOTED = re.compile(rf'"({_ATOM}(?:\.{_ATOM})*)"')
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_MASK = re.compile(r"[*•●∗＊…]|\.{3,}")


class AddressError(ValueError):
    """A text is not an address that we can send email to: `problem` says why, `advice` what to do."""

    code = "invalid"

    def __init__(self, problem: str, advice: str) -> None:
        super().__init__(f"{problem}: {advice}")
        self.problem, self.advice = problem, advice

    @property
    def sentences(self) -> str:
        return f"{self.problem[0].upper()}{self.problem[1:]}. {self.advice[0].upper()}{self.advice[1:]}."


class MaskedAddressError(AddressError):
    """The system that exported the address has hidden a part of it."""

    code = "masked"


class NeedsUtf8Error(AddressError):
    """The part before the ``@`` is not ASCII, and our mail server does not take such addresses (RFC 6531)."""

    code = "utf8"


def clean_address(text: str, *, smtputf8: bool = False) -> str:
    """Returns the address in `text` as it is kept. Raises AddressError.

    It accepts blanks and invisible characters around and within it, ``mailto:``, ``Name <address>``,
    ``address (Name)``, full-width characters and punctuation at its end. `smtputf8` says whether our mail server takes
    a local part with other characters than ASCII.
    """
    written = _strip_wrapping(_visible(text))
    if not written:
        raise AddressError("the address is empty", _EXAMPLE)
    if written.count("@") > 1 and len(re.findall(r"[^\s,;]+@[^\s,;]+", written)) > 1:
        raise AddressError(f"'{_shown(written)}' has more than one address", "keep one")
    local, at, domain = written.rpartition("@")
    if at and (_MASK.search(local) or "*" in domain):
        raise MaskedAddressError(f"'{_shown(written)}' is hidden in part", "enter the whole address")
    if quoted := _QUOTED.fullmatch(local):
        local = quoted[1]
    if not at or not domain or not _LOCAL.fullmatch(local) or _BLANKS.search(domain):
        raise AddressError(f"'{_shown(written)}' is not an email address", _EXAMPLE)
    try:
        address = f"{local}@{ascii_domain(domain)}"
        length = len(address.encode())
    except AddressError as error:
        raise AddressError(f"'{_shown(written)}' is not an email address, {error.problem}", error.advice) from error
    except UnicodeEncodeError:
        raise AddressError(f"'{_shown(written)}' has characters that cannot be written", "type it again") from None
    if length > MAX_LENGTH:
        raise AddressError(
            f"'{_shown(written)}' is not an email address, it is longer than {MAX_LENGTH} bytes", "correct it"
        )
    if not local.isascii() and not smtputf8:
        raise NeedsUtf8Error(
            f"our mail server cannot send to '{_shown(written)}', which has letters other than ASCII before the @",
            "enter another address of this person",
        )
    return address


def ascii_domain(domain: str) -> str:
    """Returns the domain as mail servers write it: ``xn--strae-oqa.example`` for ``straße.example``.

    Raises AddressError if IDNA 2008 cannot write it. That IDNA 2003 wrote another name is no error.
    """
    mapped = re.sub("[。．｡]", ".", unicodedata.normalize("NFC", domain)).rstrip(".").lower()
    labels = [_ascii_label(label, domain) for label in mapped.split(".")]
    name = ".".join(labels)
    if name == "localhost":
        return name
    if len(labels) < 2 or labels[-1].isdigit() or len(labels[-1]) < 2:
        raise AddressError(f"'{_shown(domain)}' is not the whole of a domain", _AFTER_AT)
    if len(name) > 253:  # RFC 1035
        raise AddressError(f"'{_shown(domain)}' is too long for a domain", _AFTER_AT)
    return name


@lru_cache(maxsize=16_384)
def address_key(text: str) -> str:
    """Returns the text by which addresses are compared: two are one if and only if their keys are equal.

    Case does not count, not even before the ``@``: mailboxes that distinguish ``Anna@`` from ``anna@`` no longer exist
    in practice, and two emails to one person would be worse. Raises nothing: old rows may hold anything.
    """
    if _PLAIN.fullmatch(text) and "xn--" not in text.lower():
        return text.lower()
    try:
        address = clean_address(text, smtputf8=True)
    except AddressError:
        address = _visible(text)
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", address).lower())


def address_keys(texts: Iterable[str]) -> set[str]:
    return {address_key(text) for text in texts}


@lru_cache(maxsize=16_384)
def spellings(text: str) -> frozenset[str]:
    """Returns how rows may hold the address, in lower case and without invisible characters: `INVISIBLE` and formats.

    The key is among them. Rows written before addresses were cleaned may hold its domain in Unicode, or other forms.
    """
    key = address_key(text)
    if key.isascii() and "xn--" not in key and text.isascii():
        return frozenset({key, text.lower()})
    local, at, domain = key.rpartition("@")
    forms = {key, text.lower(), _visible(text).lower()}
    if at:
        with_unicode = f"{local}@{'.'.join(map(_unicode_label, domain.split('.')))}"
        forms |= {with_unicode, unicodedata.normalize("NFD", with_unicode), unicodedata.normalize("NFD", key)}
    return frozenset(forms)


def searched_forms(word: str) -> set[str]:
    """Returns a word that people search for, and as an address or a domain may be kept if it looks like one."""
    local, at, domain = word.rpartition("@")
    forms = {word}
    if "." in domain and not domain.isascii():
        with suppress(AddressError):
            forms.add(f"{local}{at}{ascii_domain(domain)}")
    elif "xn--" in domain.lower():
        forms.add(f"{local}{at}{'.'.join(map(_unicode_label, domain.lower().split('.')))}")
    return forms


def all_spellings(texts: Iterable[str]) -> set[str]:
    return {spelling for text in texts for spelling in spellings(text)}


def _visible(text: str) -> str:
    """Returns the text in NFC, trimmed, with single blanks and without what nobody sees."""
    seen = "".join(
        " " if sign.isspace() else sign
        for sign in text
        if sign.isspace() or sign in _JOINERS or (unicodedata.category(sign) not in ("Cf", "Cc") and _shows(sign))
    )
    return unicodedata.normalize("NFC", _BLANKS.sub(" ", seen)).strip(" " + _JOINERS)


def _shows(sign: str) -> bool:
    return sign not in INVISIBLE and not "\ufe00" <= sign <= "\ufe0f" and not "\U000e0000" <= sign <= "\U000e0fff"


def _strip_wrapping(text: str) -> str:
    """Returns the address alone, without what people and programs put around it."""
    before = None
    text = text.translate(_FULL_WIDTH)
    while text != before:
        before = text
        if found := re.fullmatch(r"[^<>]*<([^<>]*)>[\s,;.]*", text):
            text = found[1]
        if found := re.match(r"mailto:(?://)?([^?]*)", text, re.IGNORECASE):
            text = _visible(unquote(found[1]))
        text = re.sub(r"(?<=\S)\s*\([^()@]*\)[\s,;.]*\Z", "", text)
        text = text.strip().rstrip(",;:.!?>)]}”’»").lstrip("<([“‘«,;:")
        if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"`":
            text = text[1:-1]
        text = re.sub(r"\s*@\s*", "@", text)
    if "@" in text:  # joiners mean something only within a domain
        local, _, domain = text.rpartition("@")
        text = f"{local.translate(dict.fromkeys(map(ord, _JOINERS)))}@{domain}"
    return text


def _ascii_label(label: str, domain: str) -> str:
    if label.isascii():
        if _LABEL.fullmatch(label):
            return label
    else:
        # A joiner that a script needs stays: IDNA 2008 writes another name without it. Any other one is noise.
        for form in (label, label.translate(dict.fromkeys(map(ord, _JOINERS)))):
            try:
                return idna.encode(form, uts46=True, transitional=False, std3_rules=True).decode().lower()
            except (idna.IDNAError, UnicodeError):
                continue
    raise AddressError(f"'{_shown(domain)}' cannot be written as a domain (IDNA 2008)", _AFTER_AT)


def _unicode_label(label: str) -> str:
    try:
        return idna.decode(label) if label.startswith("xn--") else label
    except (idna.IDNAError, UnicodeError):
        return label


def _shown(text: str) -> str:
    """Returns the text for a message: short, and without characters that cannot be shown."""
    short = text if len(text) <= 80 else f"{text[:79]}…"
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in short)
