"""Small files to import, for the tests of this folder."""

from proceedings.bibtex.source import Source
from proceedings.importing.plan import Plan
from proceedings.importing.planner import apply, make_plan

VOLUME = """@Proceedings{TEST2025,
  booktitle = {Proceedings of the Test \\& Trial Conference},
  name = {The Test \\& Trial Conference},
  shortname = {TEST},
  year = {2025},
  editor = {Lee, Hung-yi and Bostr\\"{o}m, Henrik},
  volume = {901},
  start = {2025-09-01},
  end = {2025-09-03},
  published = {2025-11-03},
  address = {Trondheim, Norway},
  conference_url = {https://test.example/~2025/},
  conference_number = {7}
}
"""


def paper(
    key: str, title: str = "A Title", author: str = "Lewis, Mike and Li, Yi", pages: str = "1--10", more: str = ""
) -> str:
    return (
        f"@InProceedings{{{key},\n  title = {{{title}}},\n  author = {{{author}}},\n  pages = {{{pages}}}{more}\n}}\n"
    )


def bib(*papers: str, volume: str = VOLUME) -> Source:
    return Source.read("v.bib", "\n".join([volume, *papers]).encode())


def table(*rows: str, head: str = "paper,email,name") -> Source:
    return Source.read("c.csv", "\n".join([head, *rows, ""]).encode())


def bring_in(file: Source, contacts: Source | None = None) -> Plan:
    plan = make_plan(file, contacts)
    apply(plan)
    return plan
