"""LaTeX <-> Unicode."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from proceedings.bibtex.latex import (
    LatexError,
    UnmappedError,
    ascii_latex,
    read_latex,
    to_latex,
    to_unicode,
    without_escapes,
)
from proceedings.bibtex.latex_tables import ACCENTS, EXACT, LETTERS, MACROS, MATHEMATICS, SIMPLER


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"Bostr\"{o}m", "Boström"),
        (r"Arnstr{\"o}m", "Arnström"),
        (r"Ok\'anik", "Okánik"),
        (r"Nicol\'o Cesa-Bianchi", "Nicoló Cesa-Bianchi"),
        (r"H\o{}andgsgaard", "Høandgsgaard"),
        (r"M\o ller", "Møller"),
        (r"Nguy{\~{\^e}}n", "Nguyễn"),
        (r"Nguy\~{\^{e}}n Th\d{i} H\uhorn\ohorn ng", "Nguyễn Thị Hương"),
        (r"{\v{C}}ech \v Zi\v zek", "Čech Žižek"),
        (r"Garc{\'\i}a Garc\'{\i}a Garc\'ia Garc\'{i}a", "García García García García"),
        (r"\AA ge {\DJ}or{\dj}evi\'c \TH{}\'or\dh ur \L{}ukasz stra\ss e", "Åge Đorđević Þórður Łukasz straße"),
        (r"\textcommabelow{S}erban {\c{S}}ahin Erd\H{o}s \k{e} G\u{u}", "Șerban Şahin Erdős ę Gŭ"),
        (r"{F}enchel--{Y}oung --- ``quoted'' !`?`", "Fenchel–Young — “quoted” ¡¿"),
        (r"Control \& 5\% \#1 a\_b \{x\}", "Control & 5% #1 a_b {x}"),
        (r"{{Detection of $L_\infty$ Geometry}}", r"Detection of $L_\infty$ Geometry"),
        (r"$O(\sqrt{T})$ {$N - k$} \(x\) \ensuremath{y}", r"$O(\sqrt{T})$ $N - k$ $x$ $y$"),
        (r"D\$^3\$epth", r"D\$^3\$epth"),
        (r"\emph{Really} {\em so} \textsc{gpt} 17\textsuperscript{th}", r"Really so gpt 17$^{\mathrm{th}}$"),
        (r"{Mc~Inerney}", "Mc\u00a0Inerney"),
        (r"e\-mail\ldots{} \copyright", "email… ©"),
        ("Timothée ﬁne x’s α ≤ 1", r"Timothée fine x's $\alpha$ $\leq$ 1"),
        ("  a \t b\n", "a b"),
        ("", ""),
    ],
)
def test_latex_becomes_the_text_it_prints(latex: str, text: str) -> None:
    assert to_unicode(latex) == text


@pytest.mark.parametrize(
    ("latex", "message"),
    [
        (r"\foo{x}", r"do not know the macro \\foo"),
        (r"\?x", r"\\\? is not allowed here"),
        (r"a\\b", "line break"),
        (r"\'{1}", "has no letter"),
        (r"\'", "has no argument"),
        (r"a$b", "no matching"),
        (r"{a", "no closing one"),
        (r"a}", "no opening one"),
        ("a\\", "lone backslash"),
    ],
)
def test_what_cannot_be_read_is_named(latex: str, message: str) -> None:
    with pytest.raises(LatexError, match=message):
        to_unicode(latex)


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("Boström", r"Bostr{\"o}m"),
        ("Nguyễn Thị Hương", r"Nguy{\~{\^e}}n Th{\d{i}} H{\uhorn}{\ohorn}ng"),
        ("ḯ ǿ", r"{\'{\"i}} {\'{\o}}"),
        ("Control & 5% #1 a_b {x}", r"Control \& 5\% \#1 a_b {\textbraceleft}x{\textbraceright}"),
        (r"Price \$5 of $L_\infty$", r"Price \$5 of $L_\infty$"),
        ("“a” – b — c", "``a'' -- b --- c"),
        ("a-- ''", "a-{}- '{}'"),
        ("α α² β", r"$\alpha$ $\alpha$$^2$ $\beta$"),
    ],
)
def test_text_becomes_ascii_latex(text: str, latex: str) -> None:
    assert to_latex(text) == latex


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("中文", "U+4E2D 中 (CJK UNIFIED IDEOGRAPH-4E2D)"),
        ("a\u0087", "U+0087 (unnamed)"),
        ("Γιώργος", "U+0393 Γ (GREEK CAPITAL LETTER GAMMA)"),
        ("a $ b", "U+0024 $ (DOLLAR SIGN)"),
        (r"a \ b", r"U+005C \ (REVERSE SOLIDUS)"),
        ("$中$", "U+4E2D"),
    ],
)
def test_a_character_without_latex_is_named_by_code_point(text: str, named: str) -> None:
    with pytest.raises(UnmappedError) as caught:
        to_latex(text)

    assert named in str(caught.value)


def test_a_source_becomes_ascii_and_keeps_its_macros() -> None:
    source = "\\emph{The public’s} demand — 3–5\\% of $α≤β$, naïve ﬁnd 中"

    written = ascii_latex(source)

    assert written.text == "\\emph{The public's} demand --- 3--5\\% of $\\alpha\\leq\\beta$, na{\\\"i}ve find 中"
    assert written.unmapped == ("中",)


def test_a_macro_for_a_sign_does_not_swallow_the_letter_behind_it() -> None:
    assert ascii_latex("$αx$").text == r"$\alpha x$"


@pytest.mark.parametrize(
    ("latex", "plain"),
    [
        (r"$x\in\{0,1\}$ \{a\}", r"$x\in\lbrace0,1\rbrace$ \lbrace a\rbrace"),
        (r"A study \{x\} of sets", r"A study \lbrace x\rbrace{} of sets"),
        (r"$\{ x \} y$", r"$\lbrace x \rbrace y$"),
        (r"a\_b", "a_b"),
        (r"$a\_b$ \(c\_d\)", r"$a\_b$ \(c\_d\)"),
        (r"\\{x} \$5", r"\\{x} \$5"),
    ],
)
def test_escapes_that_the_publisher_rejects_are_written_otherwise(latex: str, plain: str) -> None:
    assert without_escapes(latex) == plain
    assert without_escapes(plain) == plain


@pytest.mark.parametrize("latex", [r"A study \{x\} of sets", r"\{x\}y", r"The set \{ of \}"])
def test_no_blank_is_lost_when_an_escape_is_written_otherwise(latex: str) -> None:
    assert to_unicode(without_escapes(latex)) == to_unicode(latex)


@pytest.mark.parametrize(
    ("latex", "proposal"),
    [(r"On \Matthew{} Bo", "On Matthew Bo"), (r"On \ccon Bo", "On ccon Bo"), (r"\foo{Smith}", "Smith")],
)
def test_a_proposal_keeps_the_word_of_an_unknown_macro(latex: str, proposal: str) -> None:
    assert read_latex(latex).proposal == proposal


def test_every_character_of_the_tables_survives_the_way_out_and_back() -> None:
    for char in [*LETTERS.values(), *EXACT]:
        assert to_unicode(to_latex(f"a{char}b")) == f"a{char}b"


def test_every_accent_survives_on_every_letter_it_composes_with() -> None:
    for mark in ACCENTS.values():
        for base in "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZæøı":
            text = to_unicode(unicodedata.normalize("NFC", base + mark))
            assert to_unicode(to_latex(text)) == text
            assert to_latex(text).isascii()


def test_every_macro_and_every_simplified_character_is_stable_once_imported() -> None:
    for source in [*(f"x\\{macro} y" for macro in MACROS), *SIMPLER, *MATHEMATICS]:
        text = to_unicode(source)
        assert to_unicode(to_latex(text)) == text


LATIN = "".join(map(chr, [*range(0x20, 0x7F), *range(0xA1, 0x250), *range(0x1E00, 0x1F00)]))
PIECES = st.one_of(
    st.sampled_from(
        [*(f"\\{macro}" for macro in [*MACROS, *ACCENTS]), "--", "-", "'", "''", "`", "$x$", "$", "\\$", "{", "}", " "]
    ),
    st.sampled_from([*SIMPLER, *MATHEMATICS, "\u0301", "\u0323", "\u031b", "中", "я", "é"]),
    st.text(LATIN, max_size=4),
)


def latex_of(text: str) -> tuple[str, tuple[str, ...]]:
    """Returns `text` in LaTeX, or the characters that have no LaTeX form."""
    try:
        return to_latex(text), ()
    except UnmappedError as error:
        return "", error.characters


@given(st.lists(PIECES, max_size=12).map("".join))
@example("\\$$x$")
@example("-{}-{}-")
@example("ı\u0301")
@example("'{}'")
@example("$a${}$b$")
@example("!{}`")
def test_what_was_read_once_is_the_same_after_out_and_back(latex: str) -> None:
    try:
        text = to_unicode(latex)
    except LatexError:
        return
    written, unmapped = latex_of(text)
    if unmapped:
        assert set(unmapped) <= set(unicodedata.normalize("NFC", text))
        return
    assert written.isascii()
    assert to_unicode(written) == text


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60))
def test_text_that_prints_itself_reads_as_if_it_were_read_sign_by_sign(text: str) -> None:
    """Compares the fast path with the parser, which a group in front enforces."""
    try:
        long = to_unicode("{}" + text)
    except LatexError:
        with pytest.raises(LatexError):
            to_unicode(text)
    else:
        assert to_unicode(text) == long


@given(st.text(max_size=60))
def test_ascii_latex_leaves_nothing_unnamed(source: str) -> None:
    written = ascii_latex(source)

    assert {char for char in written.text if not char.isascii()} == set(written.unmapped)
    assert ascii_latex(written.text).text == written.text
