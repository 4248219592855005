"""Which paper of a file is which paper of the volume."""

from hypothesis import given
from hypothesis import strategies as st

from proceedings.bibtex.names import Name
from proceedings.importing.merge.matching import Identity, match_papers

ADA, BO, CY = Name("Lovelace", "Ada"), Name("Li", "Bo"), Name("Young", "Cy")


def one(title: str, *authors: Name, number: str = "", key: str = "", before: str = "") -> Identity:
    return Identity(title, authors, number, tuple(name for name in (before, key) if name))


def test_a_number_says_more_than_a_key_and_a_key_more_than_a_title() -> None:
    known = [one("A", ADA, number="1", key="a"), one("B", BO, key="b"), one("C", CY, key="c")]

    assert match_papers([one("B", BO, number="1", key="c")], known) == [0]
    assert match_papers([one("New title", BO, key="b")], known) == [1]
    assert match_papers([one("Another", Name("Other"), key="b")], known) == [1]
    assert match_papers([one("c!", Name("YOUNG", "Cy"), key="z")], known) == [2]


def test_a_key_that_only_files_use_is_known() -> None:
    known = [one("A", ADA, before="doe26", key="lovelace26"), one("B", BO, key="doe26")]

    assert match_papers([one("A2", ADA, key="doe26")], known) == [0]


def test_papers_that_swap_keys_are_recognised_by_title_and_authors() -> None:
    known = [one("A", ADA, key="a"), one("B", ADA, key="b")]

    assert match_papers([one("B", ADA, key="a"), one("A", ADA, key="b")], known) == [1, 0]


def test_a_key_that_goes_to_other_people_takes_no_paper_along() -> None:
    known = [one("A", ADA, key="doe26")]

    assert match_papers([one("B", BO, key="doe26"), one("A", ADA, key="doe26a")], known) == [None, 0]


def test_a_retitled_paper_keeps_its_key_even_if_its_old_title_comes_again() -> None:
    known = [one("A", ADA, key="a")]

    assert match_papers([one("A2", ADA, key="a"), one("A", ADA, key="b")], known) == [0, None]


def test_the_same_title_of_other_authors_or_numbers_is_another_paper() -> None:
    known = [one("Editorial", ADA, number="1"), one("Editorial", BO)]

    assert match_papers([one("Editorial", BO), one("Editorial", CY), one("Editorial", ADA, number="2")], known) == [
        1,
        None,
        None,
    ]


def test_an_author_more_is_the_same_paper_if_no_other_paper_could_be_meant() -> None:
    known = [one("Editorial", ADA), one("Editorial", BO)]

    assert match_papers([one("Editorial", ADA, CY)], known) == [0]
    assert match_papers([one("Editorial", ADA, BO)], known) == [None]


PAPERS = st.lists(
    st.builds(
        one,
        st.sampled_from(["Editorial", "On Learning", "on learning"]),
        st.sampled_from([ADA, BO, CY]),
        number=st.sampled_from(["", "1", "2", "3"]),
        key=st.sampled_from(["", "a", "b", "c"]),
        before=st.sampled_from(["", "", "a", "d"]),
    ),
    max_size=6,
)


@given(PAPERS, PAPERS)
def test_no_paper_is_used_twice_and_no_numbers_contradict(wanted: list[Identity], known: list[Identity]) -> None:
    found = match_papers(wanted, known)

    places = [place for place in found if place is not None]
    assert len(set(places)) == len(places)
    for paper, place in zip(wanted, found, strict=True):
        if place is not None:
            numbers = {paper.number, known[place].number} - {""}
            assert len(numbers) < 2


@given(st.lists(st.tuples(st.sampled_from(["Editorial", "On Learning"]), st.permutations([ADA, BO, CY])), max_size=6))
def test_a_list_is_recognised_in_itself_whatever_its_order(papers: list[tuple[str, list[Name]]]) -> None:
    known = [one(title, *authors[:2], key=f"k{at}") for at, (title, authors) in enumerate(papers)]
    wanted = list(reversed(known))

    assert match_papers(wanted, known) == list(reversed(range(len(known))))
    without_keys = [one(paper.title.upper(), *paper.authors) for paper in wanted]
    assert None not in match_papers(without_keys, known)
