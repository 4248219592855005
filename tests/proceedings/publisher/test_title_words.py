"""Braces around names and acronyms in titles: for the file, never for people."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proceedings.bibtex.latex import to_unicode
from proceedings.publisher.title_words import LISTED, brace, protect, unlisted_capitals, unprotected
from tests import publisher_check


@pytest.mark.parametrize(
    ("title", "protected"),
    [
        ("Sparse Gaussian Processes", "Sparse {Gaussian} Processes"),
        ("Variational {B}ayes and Bayes", "Variational {B}ayes and Bayes"),
        ("{Bayes} for Bayes", "{Bayes} for Bayes"),
        ("PAC-Bayes", "{PAC}-{Bayes}"),
        ("Markov Chain Monte Carlo", "{Markov} Chain {Monte} {Carlo}"),
        ("Non-Gaussian AI's", "Non-{Gaussian} {AI}'s"),
        ("Kullback--Leibler", "{Kullback}--{Leibler}"),
        ("GANs, OpenAI, AI4Science, bayesian", "GANs, OpenAI, AI4Science, bayesian"),
        ("{Gaussian Processes}", "{{Gaussian} Processes}"),
        (r"$D_{KL}$ and $KL(p)$", r"$D_{KL}$ and $KL(p)$"),
        (r"\textsc{EM} by EM", r"\textsc{EM} by EM"),
        (r"Erd{\H{o}}s and \"Markov", r"Erd{\H{o}}s and \"{Markov}"),
    ],
)
def test_listed_words_get_braces(title: str, protected: str) -> None:
    assert protect(title) == protected
    assert protect(protected) == protected
    assert unprotected(protected) == []


WORDS = st.sampled_from(
    [*sorted(LISTED), "{B}ayes", "{Gaussian}", "of", "x-", "-y", "{a} b", r"\textit{ML}", 'Schr{\\"o}dinger']
)


@given(st.lists(WORDS, min_size=1, max_size=6).map(" ".join))
def test_people_never_see_them_and_the_publisher_is_content(title: str) -> None:
    written = protect(title)
    assert to_unicode(written) == to_unicode(title)
    assert not [stem for stem in publisher_check.STEMS if publisher_check.is_bare(stem, written)]


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("An LSTM and {GPU}s", ["LSTM"]),
        ("COLT VII at ICML", []),
        ("SVM, EM and $KL$", []),
        ("ABC-XYZ", ["ABC", "XYZ"]),
        (r"\textsc{ABC} a B Cd", []),
        ("H2O GPUs", []),
    ],
)
def test_unlisted_capitals(title: str, words: list[str]) -> None:
    assert unlisted_capitals(title) == words
    assert unlisted_capitals(brace(title, words)) == []
