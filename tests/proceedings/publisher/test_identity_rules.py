"""Who is who: wrong and doubled ORCID iDs, and licences that differ from the agreement's."""

import pytest

from proceedings.bibtex.findings import Severity
from proceedings.bibtex.names import Name
from proceedings.publisher.identity_rules import PaperPeople, bearers_of, check_people

ONE, OTHER, WRONG = "0000-0002-1825-0097", "0000-0002-1694-233X", "0000-0002-1825-0098"
ANA, BO = Name("Cruz Vidal", "Ana"), Name("Kim", "Bo")


def paper(*authors: tuple[Name, str], key: str = "cruz26", licence: str = "") -> PaperPeople:
    return PaperPeople(key, licence, authors)


def messages(*papers: PaperPeople) -> list[str]:
    bearers = bearers_of(papers)
    found = [finding for one in papers for finding in check_people(one, bearers)]
    assert all(finding.severity is Severity.WARNING for finding in found)
    return [f"{finding.paper}: {finding.message}" for finding in found]


def test_right_ids_of_different_people_are_no_finding() -> None:
    assert messages(paper((ANA, ONE), (BO, OTHER)), paper((ANA, ONE), key="cruz26b")) == []


def test_a_wrong_id_is_a_finding() -> None:
    (message,) = messages(paper((ANA, WRONG)))
    assert message.startswith("cruz26: name 1, Ana Cruz Vidal: '0000-0002-1825-0098' is not an ORCID iD")


def test_the_same_id_twice_in_a_paper_is_a_finding() -> None:
    (message,) = messages(paper((ANA, ONE), (BO, ONE)))
    assert "name 2, Bo Kim: 0000-0002-1825-0097 is also the iD of name 1, Ana Cruz Vidal" in message


def test_the_same_id_for_two_names_in_a_volume_is_a_finding_on_both_papers() -> None:
    found = messages(paper((ANA, ONE)), paper((BO, ONE), key="kim26"))
    assert [message.partition(":")[0] for message in found] == ["cruz26", "kim26"]
    assert "is the iD of Bo Kim in kim26" in found[0]


@pytest.mark.parametrize(
    "name",
    [Name("Cruz Vidal", "A."), Name("Cruz-Vidal", "Ana"), Name("Vidal", "Ana Cruz"), Name("Cruz Vidal", "Ana María")],
)
def test_two_spellings_of_one_name_are_one_person(name: Name) -> None:
    assert messages(paper((ANA, ONE)), paper((name, ONE), key="b26")) == []


def test_another_licence_is_a_finding_and_the_granted_one_is_not() -> None:
    (message,) = messages(paper((ANA, ""), licence="CC BY-NC 4.0"))
    assert "states 'CC BY-NC 4.0', but the agreement grants CC BY 4.0" in message
    assert messages(paper((ANA, ""), licence="CC BY 4.0")) == []
