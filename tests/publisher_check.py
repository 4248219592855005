"""The publisher's checks of October 2026, written from their description without any of our code.

`tidy` is the first stage of its tool, `check_volume` the second, and `lint` both, as every pull request runs them.
`pmlrpy` is the older Python tool (2.2 and 2.5 of the notes on the workflow). None imports our code, so they can
disagree with it. Each error begins with the number of its rule.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

REQUIRED = ["name", "shortname", "year", "editor", "start", "end", "address", "volume"]
PMLRPY = [*REQUIRED, "booktitle", "conference_url"]
STEMS = """
Bayes Bayesian Markov Markovian Gaussian Dirichlet Poisson Bernoulli Laplace Fourier Hamiltonian Langevin Riemannian
Euclidean Kalman Gibbs Metropolis Hastings Ising Boltzmann Wasserstein Nash Pareto Hilbert Lyapunov Lipschitz Monte
Carlo Kullback Leibler AI LLM ML MCMC SGD SVM PCA PAC POMDP MDP GAN VAE CNN RNN GNN DAG ODE PDE SVD KL MAP EM
""".split()  # noqa: SIM905 - as the description lists them
VENUES = {"AAAI", "ACML", "AISTATS", "COLT", "ICML", "ICLR", "IEEE", "ACM", "NIPS", "UAI", "PMLR", "COPA"}
ROMAN = r"[IVXLCDM]+"
AUTHORS = re.compile(r"^\s*author\s*=\s*\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}", re.MULTILINE | re.IGNORECASE)


@dataclass
class Verdict:
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def bib_of(folder: Path) -> Path | None:
    """The first .bib file of a folder that is no cleaned copy."""
    found = [path for path in sorted(folder.glob("*.bib")) if not re.search(r"_clean(ed)?\.bib$", path.name)]
    return found[0] if found else None


def lint(folder: Path) -> Verdict:
    """Both stages on a folder."""
    bib = bib_of(folder)
    verdict = check_volume(folder)
    if bib:
        verdict.errors = [*tidy(bib.read_text(encoding="utf-8")), *verdict.errors]
    return verdict


def lint_text(text: str) -> Verdict:
    """Both stages on the text of a .bib file, without the rules about other files."""
    verdict = Verdict()
    check_bib(text, verdict)
    verdict.errors = [*tidy(text), *verdict.errors]
    return verdict


# --- the first stage: anything found fails


def tidy(text: str) -> list[str]:
    errors = []
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        if re.match(r"\s*(title|abstract)\s*=\s*\{.*\},?\s*$", line) and re.search(r"(?<!\\)%", line):
            errors.append(f"T1 line {number}: a plain %")
        if re.match(r"\s*author\s*=\s*\{.*\},?\s*$", line) and re.search(r",\s*,", line):
            errors.append(f"T2 line {number}: two commas")
        if re.match(r"\s*title\s*=", line) and title_depth(lines[number - 1 :]):
            errors.append(f"T3 line {number}: braces")
        if "\\\\\\" in line or re.search(r"\\\\(?!$)", line):
            errors.append(f"T4 line {number}: backslashes")
    return errors


def title_depth(lines: list[str]) -> int:
    """How deep in braces the text is where the field after the title begins."""
    depth = 0
    for place, line in enumerate(lines):
        if place and re.match(r"\s*\w+\s*=", line):
            break
        unescaped = re.sub(r"\\[{}]", "", line)
        depth += unescaped.count("{") - unescaped.count("}")
    return depth


# --- the second stage


def check_volume(folder: Path) -> Verdict:
    verdict = Verdict()
    bib = bib_of(folder)
    if bib is None:
        verdict.errors.append("no .bib file")
        return verdict
    text = bib.read_text(encoding="utf-8")
    check_bib(text, verdict)
    keys = [key for kind, key, _ in entries_of(text) if kind != "proceedings"]
    check_files(folder, keys, verdict)
    return verdict


def entries_of(text: str) -> list[tuple[str, str, str]]:
    """Kind, key and body of each entry, from its line to the next entry."""
    heads = list(re.finditer(r"^@(\w+)\s*\{\s*([^,\s]*)\s*,", text, re.MULTILINE))
    ends = [head.start() for head in heads[1:]] + [len(text)]
    return [(head[1].lower(), head[2], text[head.end() : end]) for head, end in zip(heads, ends, strict=False)]


def check_bib(text: str, verdict: Verdict) -> None:
    """The rules on the .bib file: C1 to C3 and C6 to C16."""
    verdict.errors += volume_entry(text)
    verdict.errors += sections(text)
    for names in AUTHORS.findall(text):
        verdict.errors += [f"C6 author {name}" for name in re.split(r"\s+and\s+", names.strip()) if bad_name(name)]
    if "\\\\" in text:
        verdict.errors.append("C7 double backslash")
    verdict.errors += prose(text)
    verdict.errors += [f"C10 key {key}" for _, key, _ in entries_of(text) if not key.isascii()]
    if re.search(r'=\s*"[^"]*\\"', text):
        verdict.errors.append('C11 a quoted field with \\"')
    if re.search(r"^\s*pages\s*=\s*\{\s*\{", text, re.MULTILINE):
        verdict.errors.append("C12 pages in double braces")
    for sign in set(text):
        code = ord(sign)
        if (code < 32 and sign not in "\t\n\r") or 127 <= code < 160:
            verdict.errors.append(f"C13 control character U+{code:04X}")
        if 0xFB00 <= code <= 0xFB06:
            verdict.errors.append(f"C14 ligature U+{code:04X}")
    verdict.errors += [f"C15 {found!r}" for found in re.findall(r"[A-Za-z]+-(?: |\n\s*)[a-z]\w*", text)]
    for title in re.findall(r"title\s*=\s*\{(.*)\},?$", text, re.MULTILINE):
        verdict.errors += [f"C16 {stem} in {title}" for stem in STEMS if is_bare(stem, title)]
        verdict.warnings += [f"capitals {word}" for word in bare_capitals(title)]


def volume_entry(text: str) -> Iterator[str]:
    """C1 and C2: the fields of @Proceedings, found line by line up to a brace alone in column 0."""
    block = re.search(r"^@Proceedings\{(.*?)^\}$", text, re.MULTILINE | re.DOTALL | re.IGNORECASE)
    if block is None:
        yield "C1 no @Proceedings"
        return
    for name in REQUIRED:
        found = re.search(rf"^\s*{name}\s*=\s*(.*?),?\s*$", block[1], re.MULTILINE | re.IGNORECASE)
        if found is None or found[1] in ("", "{}", '""'):
            yield f"C1 {name} missing"
        elif name == "volume" and not re.fullmatch(r"\{\d+\}", found[1]):
            yield "C1 volume not in braces"
    published = re.search(r"^\s*published\s*=\s*(.*?),?\s*$", block[1], re.MULTILINE)
    if published and not re.fullmatch(r"\{\d{4}-\d{2}-\d{2}\}", published[1]):
        yield "C2 published is no date"


def sections(text: str) -> Iterator[str]:
    """C3: exact both ways."""
    declared: list[str] = []
    used: list[tuple[str, str]] = []
    for kind, key, body in entries_of(text):
        if kind == "proceedings":
            found = re.search(r"^\s*sections\s*=\s*\{(.*)\}", body, re.MULTILINE)
            declared = [part.split("=")[0].strip() for part in found[1].split("|")] if found else []
        else:
            found = re.search(r"^\s*section\s*=\s*\{(.*)\}", body, re.MULTILINE)
            used.append((key, found[1] if found else ""))
    if not declared:
        yield from (f"C3 {key} has a section" for key, name in used if name)
        return
    yield from (f"C3 {key} is in '{name}'" for key, name in used if name not in declared)
    yield from (f"C3 nobody is in '{name}'" for name in declared if name not in {one for _, one in used})


def bad_name(name: str) -> bool:
    """C6."""
    name = name.strip()
    if re.fullmatch(r"\{.*\}", name):
        return False
    if "," not in name:
        return True
    last = re.sub(r"\\[a-zA-Z]+ ?|\\.|[{}]", "", name.split(",")[0])
    words = re.findall(r"[A-Za-z]+", last)
    return bool(words) and words[0][0].islower() and not any(word[0].isupper() for word in words)


def prose(text: str) -> Iterator[str]:
    """C8 and C9: what no title and no abstract may hold."""
    for name in ("abstract", "title"):
        for value in re.findall(rf"^\s*{name}\s*=\s*(.*)$", text, re.MULTILINE):
            plain = value.replace(r"\left\{", "").replace(r"\right\}", "")
            yield from (f"C8 {escape} in {name}" for escape in (r"\$", r"\{", r"\}", r"\_") if escape in plain)
            if r"\textbackslash" in value:
                yield f"C9 in {name}"


def is_bare(stem: str, title: str) -> bool:
    """C16, read strictly: the stem is a whole word of the title and nowhere braced as ``{Stem}`` or ``{S}tem``."""
    if not re.search(rf"(?<![\w\\]){stem}(?!\w)", title):
        return False
    return f"{{{stem}}}" not in title and f"{{{stem[0]}}}{stem[1:]}" not in title


def bare_capitals(title: str) -> Iterator[str]:
    """The warning about a word of two or more capitals that is neither braced nor listed."""
    outside = title
    while (inner := re.sub(r"\{[^{}]*\}", " ", outside)) != outside:
        outside = inner
    for word in re.findall(r"(?<![\w\\])[A-Z]{2,}(?!\w)", outside):
        if word not in STEMS and word not in VENUES and not re.fullmatch(ROMAN, word):
            yield word


def check_files(folder: Path, keys: list[str], verdict: Verdict) -> None:
    """C4 and C5: every key has its PDF; no papers and no supplements in sub-folders."""
    wanted = {f"{key}.pdf" for key in keys}
    there = {path.name for path in folder.glob("*.pdf") if "-supp" not in path.name}
    verdict.errors += [f"C5 missing {name}" for name in sorted(wanted - there)]
    verdict.warnings += [f"extra {name}" for name in sorted(there - wanted)]
    for path in folder.rglob("*.pdf"):
        folders = path.relative_to(folder).parts[:-1]
        if folders and folders[0] != "assets" and not re.search(r"permissions?$", folders[-1], re.IGNORECASE):
            verdict.errors.append(f"C4 stranded {path.name}")
    for path in folder.rglob("*-supp.*"):
        if path.parent != folder and "assets" not in path.parts:
            verdict.errors.append(f"C4 stranded supplement {path.name}")
    supplements = [path for path in folder.glob("*-supp.*") if re.search(r"-supp\.(pdf|zip|tar\.gz)$", path.name)]
    if not supplements:
        verdict.warnings.append("no supps")


# --- the older tool


def pmlrpy(text: str) -> list[str]:
    """The Python tool: fields of both kinds of entries, keys, and one address in `software`."""
    issues = []
    entries = re.findall(r"^@(\w+)\{([^,]*),\n(.*?)^\}$", text, re.MULTILINE | re.DOTALL)
    volumes = [body for kind, _, body in entries if kind.lower() == "proceedings"]
    if len(volumes) != 1:
        issues.append(f"{len(volumes)} @Proceedings")
    for body in volumes:
        issues += [f"volume: {name}" for name in PMLRPY if not fields(body).get(name)]
    seen = set()
    for kind, key, body in entries:
        if kind.lower() == "proceedings":
            continue
        values = fields(body)
        issues += [f"{key}: {name}" for name in ("title", "author", "pages", "abstract") if not values.get(name)]
        plain = unicodedata.normalize("NFKD", key.replace("ß", "ss")).encode("ascii", "ignore").decode()
        if plain != key or key in seen:
            issues.append(f"{key}: key")
        seen.add(key)
        if len(values.get("software", "").split()) > 1:
            issues.append(f"{key}: software")
        if re.search(r"(?<!\\)[%&]", values.get("abstract", "")):
            issues.append(f"{key}: unescaped")
    return issues


def fields(body: str) -> dict[str, str]:
    return dict(re.findall(r"^\s*(\w+)\s*=\s*\{(.*)\},?\s*$", body, re.MULTILINE))
