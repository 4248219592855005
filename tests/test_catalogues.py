"""The translations for authors: complete, compiled from the sources, and with the same placeholders as the English."""

import gettext
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import polib
import pytest
from django.conf import settings
from django.utils.translation import to_language

from proceedings.web.languages import available_languages

ROOT = Path(settings.BASE_DIR)
CATALOGUES = {path.parent.parent.name: path for path in sorted((ROOT / "locale").glob("*/LC_MESSAGES/django.po"))}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|<[^>]+>")
CHINESE = "[\u3400-\u9fff]"

every_language = pytest.mark.parametrize("code", CATALOGUES)


def catalogue(code: str) -> polib.POFile:
    return polib.pofile(str(CATALOGUES[code]), wrapwidth=0)


def forms(entry: polib.POEntry) -> list[str]:
    """Returns a translation, or all plural forms of it."""
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


def said(code: str) -> list[str]:
    """Returns all texts of a language, without date formats."""
    return [text for entry in catalogue(code) if not entry.msgid.startswith("j F Y") for text in forms(entry)]


def test_french_and_chinese_are_available_beside_english() -> None:
    assert available_languages(ROOT / "locale") == [
        ("en", "English"),
        ("fr", "French"),
        ("zh-hans", "Simplified Chinese"),
    ]


def test_a_new_language_is_one_more_folder(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "locale", tmp_path, dirs_exist_ok=True)
    shutil.copytree(ROOT / "locale" / "fr", tmp_path / "pt_BR")
    (tmp_path / "xx").mkdir()
    assert available_languages(tmp_path)[2:] == [("pt-br", "Brazilian Portuguese"), ("zh-hans", "Simplified Chinese")]


@every_language
def test_nothing_is_untranslated_fuzzy_or_obsolete(code: str) -> None:
    found = catalogue(code)
    assert [entry.msgid for entry in found.untranslated_entries()] == []
    assert [entry.msgid for entry in found.fuzzy_entries()] == []
    assert [entry.msgid for entry in found.obsolete_entries()] == []
    assert to_language(found.metadata["Language"]) == to_language(code)


@every_language
def test_a_translation_has_the_placeholders_and_the_tags_of_its_english(code: str) -> None:
    for entry in catalogue(code):
        for text in forms(entry):
            assert sorted(PLACEHOLDER.findall(text)) == sorted(PLACEHOLDER.findall(entry.msgid)), entry.msgid
            assert text == text.strip()
            assert "\n" not in text


@every_language
def test_what_is_compiled_is_what_is_written(code: str) -> None:
    with CATALOGUES[code].with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    written: dict[Any, str] = {}
    for entry in catalogue(code):
        for number, text in enumerate(forms(entry)):
            written[(entry.msgid, number) if entry.msgid_plural else entry.msgid] = text
    assert {key: text for key, text in compiled._catalog.items() if key} == written, "make languages"  # type: ignore[attr-defined]


def test_french_has_its_signs_and_their_spaces() -> None:
    for text in said("fr"):
        words = re.sub(r"<[^>]+>|%\(\w+\)[sd]", "x", text)
        assert not re.search(r"[\"']|\.\.\.", words), text
        assert not re.search(r"(?<![\u202f\d])[;?!]", words), text
        assert not re.search(r"[^\u00a0\d]:(?!\d)", words), text
        assert not re.search("«[^\u00a0]|[^\u00a0]»", words), text


def test_chinese_has_its_own_signs() -> None:
    for text in said("zh_Hans"):
        words = re.sub(r"<[^>]+>", "", text)
        assert not re.search(f"{CHINESE}[,.;:?!()]|[,;:?!()]{CHINESE}", words), text
        assert not re.search(r"[\"']", words), text


@pytest.mark.tools
def test_the_catalogues_have_every_word_that_is_marked_and_no_other(tmp_path: Path) -> None:
    parts = ["agreements", "proceedings", "templates", "locale"]
    for part in parts:
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("fonts", "__pycache__", "samples"))
    shutil.copy(ROOT / "manage.py", tmp_path)
    command = [sys.executable, "manage.py", "makemessages", "--all"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, env={"DEBUG": "1", "PATH": "/usr/bin:/bin"})
    for code, path in CATALOGUES.items():
        assert (tmp_path / "locale" / code / "LC_MESSAGES" / "django.po").read_bytes() == path.read_bytes(), (
            "make languages, then translate what is new"
        )
