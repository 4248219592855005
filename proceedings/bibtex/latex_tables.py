"""Tables of the letters, accents and characters of LaTeX that occur in real volumes. Pure.

`latex.py` knows nothing else. A macro or character that is missing here is reported to the editor by name, so a new one
needs one line in this file.
"""

# Accent macro -> combining character, which follows its letter.
ACCENTS = {
    "`": "\u0300",
    "'": "\u0301",
    "^": "\u0302",
    "~": "\u0303",
    "=": "\u0304",
    "u": "\u0306",
    ".": "\u0307",
    '"': "\u0308",
    "h": "\u0309",
    "r": "\u030a",
    "H": "\u030b",
    "v": "\u030c",
    "G": "\u030f",
    "f": "\u0311",
    "d": "\u0323",
    "textcommabelow": "\u0326",
    "c": "\u0327",
    "k": "\u0328",
    "b": "\u0331",
}
ACCENT_OF = {mark: macro for macro, mark in ACCENTS.items()}

# Letters that are macros. Each is written back as the same macro.
LETTERS = {
    "ss": "ß",
    "SS": "ẞ",
    "ae": "æ",
    "AE": "Æ",
    "oe": "œ",
    "OE": "Œ",
    "o": "ø",
    "O": "Ø",
    "l": "ł",
    "L": "Ł",
    "aa": "å",
    "AA": "Å",
    "dh": "ð",
    "DH": "Ð",
    "dj": "đ",
    "DJ": "Đ",
    "th": "þ",
    "TH": "Þ",
    "ng": "ŋ",
    "NG": "Ŋ",
    "i": "ı",
    "j": "ȷ",
    "ohorn": "ơ",
    "OHORN": "Ơ",
    "uhorn": "ư",
    "UHORN": "Ư",
}

# Symbols. The first macro of a character is the one written back.
SIGNS = {
    "S": "§",
    "textsection": "§",
    "P": "¶",
    "textparagraph": "¶",
    "dag": "†",
    "textdagger": "†",
    "ddag": "‡",
    "textdaggerdbl": "‡",
    "copyright": "©",
    "textcopyright": "©",
    "textregistered": "®",
    "texttrademark": "™",
    "pounds": "£",
    "textsterling": "£",
    "texteuro": "€",
    "euro": "€",
    "textyen": "¥",
    "textcent": "¢",
    "textordfeminine": "ª",
    "textordmasculine": "º",
    "guillemotleft": "«",
    "guillemotright": "»",
    "guilsinglleft": "‹",
    "guilsinglright": "›",
    "quotedblbase": "„",
    "quotesinglbase": "‚",
    "ldots": "…",
    "dots": "…",
    "textellipsis": "…",
    "textbullet": "•",
    "textbraceleft": "{",
    "lbrace": "{",
    "textbraceright": "}",
    "rbrace": "}",
    "textasciitilde": "~",
    "textasciicircum": "^",
    "textasciigrave": "`",
}

# Macros that are read but never written, because LaTeX has a simpler form.
READ_ONLY = {
    "textquoteleft": "‘",
    "textquoteright": "'",
    "textquotesingle": "'",
    "textquotedblleft": "“",
    "textquotedblright": "”",
    "textquotedbl": '"',
    "textendash": "–",
    "textemdash": "—",
    "textexclamdown": "¡",
    "textquestiondown": "¿",
    "textless": "<",
    "textgreater": ">",
    "textbar": "|",
    "textunderscore": "_",
    "textdollar": r"\$",
    "textonesuperior": "$^1$",
    "texttwosuperior": "$^2$",
    "textthreesuperior": "$^3$",
    "textdegree": r"$^\circ$",
    "textpm": r"$\pm$",
    "texttimes": r"$\times$",
    "textdiv": r"$\div$",
    "textmu": r"$\mu$",
    "textperiodcentered": r"$\cdot$",
    "TeX": "TeX",
    "LaTeX": "LaTeX",
    "quad": " ",
    "space": " ",
}
MACROS = LETTERS | SIGNS | READ_ONLY

# Backslash and one character.
ESCAPES = {
    "&": "&",
    "%": "%",
    "#": "#",
    "_": "_",
    "{": "{",
    "}": "}",
    "$": r"\$",
    " ": " ",
    ",": "\u2009",
    "-": "",
    "/": "",
    "@": "",
    "!": "",
}

# TeX's ligatures, longest first for the parser.
LIGATURES = {"---": "—", "--": "–", "``": "“", "''": "”", "!`": "¡", "?`": "¿", "`": "‘", "~": "\u00a0"}

# Macros that change only the appearance of their argument, or of what follows. The text stays.
LOOK_OF_ARGUMENT = frozenset(
    {
        "emph",
        "mbox",
        "text",
        "textbf",
        "textit",
        "textmd",
        "textnormal",
        "textrm",
        "textsc",
        "textsf",
        "textsl",
        "texttt",
    }
    | {"textup", "underline"}
)
LOOK_OF_REST = frozenset(
    {"bf", "em", "it", "rm", "sc", "sf", "sl", "tt", "bfseries", "itshape", "scshape", "upshape", "relax", "protect"}
)

# What a lenient reader knows besides. Other names of letters:
ALIASES = {"polishl": "l", "polishL": "L", "lslash": "l", "Lslash": "L", "oslash": "o", "Oslash": "O"} | {
    "eth": "dh",
    "thorn": "th",
    "inodot": "i",
}
# Macros that print nothing, or a blank.
NOTHING = dict.fromkeys(
    (
        *("xspace", "noindent", "indent", "centering", "nobreak", "allowbreak", "null", "displaystyle", "textstyle"),
        *("boldmath", "unboldmath", "small", "large", "Large", "normalsize", "footnotesize", "footnotemark"),
    ),
    "",
) | dict.fromkeys(("newline", "linebreak", "break", "par", "hfill", "qquad", "enspace", "nobreakspace"), " ")
# Macro -> number of its arguments, and the index of the one that is the text.
ARGUMENT_KEPT = {
    "texorpdfstring": (2, 0),
    "href": (2, 1),
    "textcolor": (2, 1),
    "colorbox": (2, 1),
    "url": (1, 0),
    "nolinkurl": (1, 0),
    "uppercase": (1, 0),
    "MakeUppercase": (1, 0),
    "lowercase": (1, 0),
    "hbox": (1, 0),
    "fbox": (1, 0),
    "uline": (1, 0),
    "enquote": (1, 0),
    "title": (1, 0),
}
# Macros whose argument is no part of a title or name. The finding quotes it.
DROPPED = frozenset(
    {"footnote", "footnotetext", "thanks", "label", "cite", "citep", "citet", "ref", "vspace", "hspace", "color"}
    | {"orcidlink", "orcid", "inst", "index"}
)
# Macros of mathematics -> number of their arguments.
MATH_ARGUMENTS = (
    dict.fromkeys(
        (
            *("mathrm", "mathbb", "mathcal", "mathbf", "mathit", "mathsf", "mathtt", "mathfrak", "mathscr", "bm"),
            *("boldsymbol", "operatorname", "sqrt", "hat", "widehat", "tilde", "widetilde", "bar", "overline", "vec"),
            *("mathnormal", "dot", "ddot", "acute", "grave", "breve", "check", "mathring"),
        ),
        1,
    )
    | dict.fromkeys(("frac", "tfrac", "dfrac", "binom"), 2)
    | dict.fromkeys(("log", "exp", "min", "max", "sup", "inf", "lim", "arg", "det", "dim", "sin", "cos", "tan"), 0)
)

# Character -> LaTeX; each is read back as the same character.
EXACT = {
    **{char: f"{{\\{macro}}}" for macro, char in reversed((LETTERS | SIGNS).items())},
    **{char: ligature for ligature, char in LIGATURES.items()},
    "\u2009": r"\,",
}

# Character -> LaTeX that is read back as a simpler character. The importer applies it at once, so the database holds
# the simpler form and later conversions do not change it.
_FULL_WIDTH = "(),-.:;!?/+=0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
SIMPLER = {
    "’": "'",
    "‛": "`",
    "′": "'",
    "″": "''",
    "‐": "-",
    "‑": "-",
    "−": "-",
    "‒": "--",
    "―": "---",
    "ﬀ": "ff",
    "ﬁ": "fi",
    "ﬂ": "fl",
    "ﬃ": "ffi",
    "ﬄ": "ffl",
    "ﬅ": "st",
    "ﬆ": "st",
    "ĳ": "ij",
    "Ĳ": "IJ",
    "ŉ": "'n",
    **dict.fromkeys("\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u200a\u2028\u2029\u202f\u3000", " "),
    **{chr(ord(char) + 0xFEE0): char for char in _FULL_WIDTH},
}


def _by_name(characters: str, *names: str) -> dict[str, str]:
    """Maps each character to ``\\name``. One string per line, because a list would fill two screens."""
    return {char: f"\\{name}" for char, name in zip(characters, " ".join(names).split(), strict=True)}


# Character -> mathematics: between dollar signs in text, unchanged inside mathematics.
MATHEMATICS = {
    **_by_name("αβγδεζηθικλμ", "alpha beta gamma delta varepsilon zeta eta theta iota kappa lambda mu"),
    **_by_name(
        "νξπρστυφχψωϑϕϖϱϵ", "nu xi pi rho sigma tau upsilon varphi chi psi omega vartheta phi varpi varrho epsilon"
    ),
    **_by_name("ΓΔΘΛΞΠΣΥΦΨΩ", "Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"),
    **_by_name("±×÷·⋅∘∗⊕⊗∧∨¬", "pm times div cdot cdot circ ast oplus otimes wedge vee neg"),
    **_by_name("≤≥≠≈≡∼≃≅∝≪≫⊥∥∣", "leq geq neq approx equiv sim simeq cong propto ll gg perp parallel mid"),
    **_by_name("∈∉∋⊂⊆⊃⊇∪∩∅∀∃", "in notin ni subset subseteq supset supseteq cup cap emptyset forall exists"),
    **_by_name("∞∂∇∑∏∫√ℓℏℑℜℵ", "infty partial nabla sum prod int surd ell hbar Im Re aleph"),
    **_by_name("→←↔⇒⇐⇔↦↑↓", "to leftarrow leftrightarrow Rightarrow Leftarrow Leftrightarrow mapsto uparrow downarrow"),
    **_by_name("⟨⟩⌈⌉⌊⌋", "langle rangle lceil rceil lfloor rfloor"),
    **{char: rf"\mathbb{{{letter}}}" for char, letter in zip("ℂℕℙℚℝℤ", "CNPQRZ", strict=True)},
    **{char: f"^{digit}" for char, digit in zip("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789", strict=True)},
    **{char: f"_{digit}" for char, digit in zip("₀₁₂₃₄₅₆₇₈₉", "0123456789", strict=True)},
    "°": r"^\circ",
}
