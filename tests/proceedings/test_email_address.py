"""One way in for addresses: whoever brings one, it is kept in one form and compared by one key."""

import unicodedata
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from proceedings.email_address import (
    INVISIBLE,
    AddressError,
    MaskedAddressError,
    NeedsUtf8Error,
    address_key,
    ascii_domain,
    clean_address,
    spellings,
)

UNSEEN = [*INVISIBLE, *"\u200b\u200e\u200f\u202a\u202c\u2060\ufe0f"]

LOCAL = st.from_regex(r"[a-zA-Z0-9!#$%&'+/=?^_{|}~-]{1,12}(\.[a-z0-9]{1,5})?", fullmatch=True).filter(
    lambda local: local.lower() != "mailto" and local[0] not in "'/"
)
DOMAINS = st.sampled_from(
    ["example.org", "straße.example", "bücher.example", "例え.テスト", "пример.рф", "faß.de", "xn--strae-oqa.example"]
)
ADDRESS = st.builds("{}@{}".format, LOCAL, DOMAINS)
ANYTHING = st.text(
    st.sampled_from([*"aB1.@ <>()\"',;:*-ßüİı。＠．\u0308\u200d\u200c\ud800", *UNSEEN]) | st.characters(), max_size=40
)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("ann@example.org", "ann@example.org"),
        (" Ann.Lee@Example.ORG\t", "Ann.Lee@example.org"),
        ("Ann Lee <ann@example.org>", "ann@example.org"),
        ("Lee, Ann (MIT) <ann@example.org>;", "ann@example.org"),
        ("<ann@example.org>", "ann@example.org"),
        ("ann@example.org (Ann Lee)", "ann@example.org"),
        ("mailto:ann@example.org", "ann@example.org"),
        ("MAILTO:ann%40example.org?subject=Hi", "ann@example.org"),
        ("ann@example.org.", "ann@example.org"),
        ("ann@example.org,", "ann@example.org"),
        ("'ann@example.org'", "ann@example.org"),
        ('"ann.lee"@example.org', "ann.lee@example.org"),
        ("o'neil@example.org", "o'neil@example.org"),
        ("ann @ example.org", "ann@example.org"),
        ("ann\u200b@exam\u00adple.org\ufeff", "ann@example.org"),
        ("\u00a0ann@example.org\u3000", "ann@example.org"),
        ("ａｎｎ＠example。org", "ann@example.org"),
        ("ann@straße.example", "ann@xn--strae-oqa.example"),
        ("ann@STRASSE.example", "ann@strasse.example"),
        ("ann@XN--STRAE-OQA.example", "ann@xn--strae-oqa.example"),
        ("ann@bu\u0308cher.example", "ann@xn--bcher-kva.example"),
        ("ann@نامه\u200cای.com", "ann@xn--mgba3gch31f060k.com"),  # this joiner is a part of the name
        ("ann@xn--i-7iq.example", "ann@xn--i-7iq.example"),  # IDNA 2003 only, but it can be written
        ("root@localhost", "root@localhost"),
    ],
)
def test_an_address_is_kept_in_one_form(typed: str, kept: str) -> None:
    assert clean_address(typed) == kept
    assert address_key(typed) == kept.lower()


@pytest.mark.parametrize(
    ("typed", "kind", "said"),
    [
        ("", AddressError, "the address is empty: write it like name@example.org"),
        ("\u200b", AddressError, "the address is empty"),
        ("ann at example.org", AddressError, "'ann at example.org' is not an email address: write it like"),
        ("ann@example", AddressError, "'example' is not the whole of a domain: correct the part after the @"),
        ("ann@i❤.example", AddressError, "'i❤.example' cannot be written as a domain (IDNA 2008)"),
        ("ann@-x.example", AddressError, "cannot be written as a domain"),
        ("ann@192.0.2.1", AddressError, "not the whole of a domain"),
        ("ann@example.org, bo@example.org", AddressError, "has more than one address: keep one"),
        ("ann@@example.org", AddressError, "is not an email address"),
        ("a..b@example.org", AddressError, "is not an email address"),
        ("ann@example.org\nBcc: bo@example.org", AddressError, "has more than one address"),
        ("a" * 250 + "@example.org", AddressError, "longer than 254 bytes"),
        ("****@example.org", MaskedAddressError, "'****@example.org' is hidden in part: enter the whole address"),
        ("a***@example.org", MaskedAddressError, "is hidden in part"),
        ("a•••@example.org", MaskedAddressError, "is hidden in part"),
        ("a...@example.org", MaskedAddressError, "is hidden in part"),
        ("ann@****.org", MaskedAddressError, "is hidden in part"),
        ("jörg@example.org", NeedsUtf8Error, "letters other than ASCII before the @: enter another address"),
    ],
)
def test_what_is_no_address_is_refused_with_the_reason(typed: str, kind: type[AddressError], said: str) -> None:
    with pytest.raises(kind) as error:
        clean_address(typed)
    assert said in str(error.value)
    assert error.value.sentences.endswith(".")
    assert error.value.sentences.isprintable()


def test_a_local_part_in_utf8_is_kept_if_the_server_takes_it() -> None:
    assert clean_address("jo\u0308rg@EXAMPLE.org", smtputf8=True) == "jörg@example.org"


@given(ANYTHING | ADDRESS)
@example("İ@example.org")
@example("ß\u0308@ẞ.example")
@example("'a'@example.org")
def test_cleaning_again_changes_nothing_and_nothing_but_its_own_error_is_raised(text: str) -> None:
    kept, key = None, address_key(text)
    assert address_key(key) == key
    assert key in spellings(text)
    with suppress(AddressError):
        kept = clean_address(text, smtputf8=True)
    if kept is None:
        return
    assert clean_address(kept, smtputf8=True) == kept
    assert address_key(kept) == key
    assert kept.rpartition("@")[2].isascii()


@given(ADDRESS, st.data())
def test_spellings_of_one_address_have_one_key(address: str, data: st.DataObject) -> None:
    local, _, domain = address.partition("@")
    for _ in range(data.draw(st.integers(0, 3))):
        at, sign = data.draw(st.integers(0, len(local))), data.draw(st.sampled_from(UNSEEN))
        local = local[:at] + sign + local[at:]
    written = data.draw(st.sampled_from([domain, domain.swapcase() if domain.isascii() else domain]))
    other = f"{local}@{unicodedata.normalize('NFD', written) if data.draw(st.booleans()) else written}"
    typed = data.draw(
        st.sampled_from([other, f" {other} ", f"Ann Lee <{other}>", f"mailto:{other.replace('%', '%25')}"])
    )
    if typed.startswith("mailto:") and "?" in local:
        typed = other
    assert address_key(typed) == address_key(address)
    assert clean_address(typed) == clean_address(address)


@given(ADDRESS, ADDRESS)
def test_addresses_are_one_only_if_name_and_domain_are(one: str, two: str) -> None:
    (name, _, domain), (other_name, _, other_domain) = one.partition("@"), two.partition("@")
    same = name.lower() == other_name.lower() and ascii_domain(domain) == ascii_domain(other_domain)
    assert (address_key(one) == address_key(two)) == same


def test_the_spellings_are_those_that_old_rows_may_have() -> None:
    assert spellings("Ann@Example.org") == {"ann@example.org"}
    assert {"ann@straße.example", "ann@xn--strae-oqa.example"} <= spellings("ann@straße.example")
    assert spellings("ann@xn--strae-oqa.example") >= {"ann@straße.example"}
