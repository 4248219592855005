"""Papers that may be one paper."""

from proceedings.bibtex.names import Name
from proceedings.publisher.same_papers import check_same_papers
from tests.proceedings.publisher.test_rules import VOLUME, paper

ADA, BO = Name("Byron", "Ada"), Name("Li", "Bö")


def test_equal_title_and_authors_are_named_with_both_keys() -> None:
    papers = [
        paper("byron24a", title="On Läyers", authors=(ADA, BO)),
        paper("byron24b", title="on layers.", authors=(Name("LI", "Bo"), ADA)),
        paper("byron24c", title="On Läyers", authors=(ADA,)),
        paper("byron24d", title="On Others", authors=(ADA, BO)),
    ]

    (finding,) = check_same_papers(VOLUME, papers)

    assert (finding.paper, finding.field, finding.rule) == ("byron24b", "title", "same-paper")
    assert "byron24a" in finding.message
