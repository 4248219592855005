r"""Names and acronyms that keep their capitals in titles: braces around them. Pure.

The publisher writes titles in small letters, except what is in braces, and its check rejects a title whose listed words
have none (reference of October 2026, C16). A word is protected as ``{Bayes}`` or ``{B}ayes``; one protected occurrence
is enough for a title. Braces are for the file only: people never see them.
"""

import re
from collections.abc import Iterable

_NAMES = (
    *("Bayes", "Bayesian", "Markov", "Markovian", "Gaussian", "Dirichlet", "Poisson", "Bernoulli", "Laplace"),
    *("Fourier", "Hamiltonian", "Langevin", "Riemannian", "Euclidean", "Kalman", "Gibbs", "Metropolis", "Hastings"),
    *("Ising", "Boltzmann", "Wasserstein", "Nash", "Pareto", "Hilbert", "Lyapunov", "Lipschitz", "Monte", "Carlo"),
    *("Kullback", "Leibler"),
)
_ACRONYMS = (
    *("AI", "LLM", "ML", "MCMC", "SGD", "SVM", "PCA", "PAC", "POMDP", "MDP", "GAN", "VAE", "CNN", "RNN", "GNN"),
    *("DAG", "ODE", "PDE", "SVD", "KL", "MAP", "EM"),
)
LISTED = frozenset({*_NAMES, *_ACRONYMS})
"""The publisher's list of October 2026. It grows: an installation adds words as rows."""

_VENUES = frozenset(
    {"AAAI", "ACL", "ACM", "ACML", "AISTATS", "ALT", "CLEAR", "COLT", "COPA", "CVPR", "ECCV", "ECML", "EMNLP"}
    | {"ICCV", "ICLR", "ICML", "IEEE", "IJCAI", "JMLR", "KDD", "MICCAI", "MIDL", "NAACL", "NIPS", "PMLR", "TMLR"}
    | {"UAI"}
)
_ROMAN = re.compile(r"M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})\Z")
# A macro is one token, so that no word is found in its name.
_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|[{}]|\w+|.", re.DOTALL)


def protect(latex: str, words: Iterable[str] = LISTED) -> str:
    """Returns a title's LaTeX with every word of `words` that has no braces in braces of its own."""
    return _in_braces(latex, set(unprotected(latex, words)))


def unprotected(latex: str, words: Iterable[str] = LISTED) -> list[str]:
    """Returns the words of `words` that are in the title without braces of their own, in the order of the title."""
    wanted = set(words)
    found = dict.fromkeys(token[0] for token in _TOKEN.finditer(latex) if token[0] in wanted)
    return [word for word in found if f"{{{word}}}" not in latex and f"{{{word[0]}}}{word[1:]}" not in latex]


def unlisted_capitals(latex: str, known: Iterable[str] = LISTED) -> list[str]:
    """Returns the words of two or more capitals outside braces that are not in `known`, nor venues or Roman numbers."""
    kept = set(known)
    found: dict[str, None] = {}
    depth = 0
    for token in _TOKEN.finditer(latex):
        depth += {"{": 1, "}": -1}.get(token[0], 0)
        word = token[0]
        if depth == 0 and len(word) > 1 and word.isascii() and word.isalpha() and word.isupper():
            found[word] = None
    return [word for word in found if word not in kept and word not in _VENUES and not _ROMAN.match(word)]


def brace(latex: str, words: Iterable[str]) -> str:
    """Returns the title's LaTeX with each of `words` in braces wherever it has none around it."""
    return _in_braces(latex, set(words), only_outside=True)


def _in_braces(latex: str, words: set[str], *, only_outside: bool = False) -> str:
    if not words:
        return latex
    pieces: list[str] = []
    depth = 0
    for token in _TOKEN.finditer(latex):
        depth += {"{": 1, "}": -1}.get(token[0], 0)
        # After ^ braces would change a formula.
        found = token[0] in words and not (only_outside and depth) and pieces[-1:] != ["^"]
        pieces.append(f"{{{token[0]}}}" if found else token[0])
    return "".join(pieces)
