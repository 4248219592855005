"""Titles as people read them: formulas in Unicode, or their source where they have no plain form."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from proceedings.bibtex.plain_title import plain_title


@pytest.mark.parametrize(
    ("title", "read"),
    [
        (r"$\alpha$-Former", "α-Former"),
        (r"Sorting in $O(n^2)$ steps", "Sorting in O(n²) steps"),
        (r"$\ell_1$ and $\ell_p$", "ℓ₁ and ℓₚ"),
        (r"Points of $\mathbb{R}^d$", "Points of ℝᵈ"),
        (r"$\epsilon$-greedy", "ϵ-greedy"),
        (r"$\tilde{O}(\sqrt{T})$ regret", "Õ(√T) regret"),
        (r"$\widetilde{\mathcal{O}}(T^{2/3})$", "Õ(T^(2/3))"),
        (r"$n \log n$", "n log n"),
        (r"$x_{ij}^{2}$", "xᵢⱼ²"),
        (r"$L_\infty$", "L_∞"),
        (r"$A^\top x'$", "Aᵀx′"),
        (r"$2^{-n}$", "2⁻ⁿ"),
        (r"$\beta_{\text{eff}}$", "β_eff"),
        (r"$K \to \infty$", "K → ∞"),
        (r"$(\epsilon, \delta)$-DP", "(ϵ, δ)-DP"),
        (r"$\mathbf{SE}(3)$, $\mathcal{H}$", "SE(3), H"),
        (r"$\{0,1\}^n$", "{0,1}ⁿ"),
        (r"$\|x\|_2 \leq 1$", "‖x‖₂ ≤ 1"),
        (r"A$^3$B and \(x^2\)", "A³B and x²"),
        (r"$\pm 1$", "±1"),
        (r"$\hat{\theta}$", "θ\u0302"),
        (r"for \$5 or \$6", "for $5 or $6"),
        (r"{VAE}s, {B}ayes and {Markov chains}", "VAEs, Bayes and Markov chains"),
        (r"{{LLM}}s", "LLMs"),
        (r"The set {0,1} stays", "The set {0,1} stays"),
        (r"{{ settings.KEY }} stays", "{{ settings.KEY }} stays"),
        ("two\n lines", "two lines"),
        # without a plain form
        (r"$\frac{a}{b}$-fair", r"$\frac{a}{b}$-fair"),
        (r"$x^{\frac12}$ and $\alpha$", r"$x^{\frac12}$ and α"),
        (r"$\binom{n}{k}$", r"$\binom{n}{k}$"),
        (r"$\unknownmacro$", r"$\unknownmacro$"),
        (r"$\input{secret}$", r"$\input{secret}$"),
        (r"$\overline{AB}$", r"$\overline{AB}$"),
        (r"$x^$", r"$x^$"),
        (r"$x_{$", r"$x_{$"),
        ("a price of $5", "a price of $5"),
    ],
)
def test_a_title_reads_as_text(title: str, read: str) -> None:
    assert plain_title(title) == read
    assert plain_title(f"On {title}") == f"On {read}"


PIECES = [
    *r"ab12 ^_{}()$\+-=,",
    r"\alpha",
    r"\frac",
    r"\mathbb",
    r"\sqrt",
    r"\text",
    r"\hat",
    r"\begin{x}",
    r"\left",
    r"\$",
]


@given(st.lists(st.sampled_from(PIECES), max_size=15).map("".join) | st.text(max_size=30))
@example("$" + "{" * 300 + "}" * 300 + "$")
@example("$" + r"\sqrt{" * 300 + "x" + "}" * 300 + "$")
@example(r"$\verb|$|$")
def test_no_title_is_lost(title: str) -> None:
    read = plain_title(title)
    assert bool(read) == bool(title.strip(" \t\n\r\f\v"))
    assert read == re.sub("[ \t\n\r\f\v]+", " ", read).strip(" ")


@given(st.text(st.characters(exclude_characters="$\\{}")))
def test_a_title_without_formulas_stays(title: str) -> None:
    assert plain_title(title) == re.sub("[ \t\n\r\f\v]+", " ", title).strip(" ")
