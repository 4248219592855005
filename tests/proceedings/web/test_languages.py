"""Which language a request is answered in, and how a reader changes it."""

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.utils import translation
from pytest_django import Settings

from proceedings.web.languages import LanguageMiddleware
from tests import make
from tests.agreements.pages import all_rows, browser

TITLES = {"en": "Publication agreements", "fr": "Accords de publication", "zh-hans": "出版协议"}


def language_of(page: Any) -> str:
    text = page.content.decode()
    (found,) = [code for code in TITLES if f'<html lang="{code}">' in text]
    assert f"<title>{TITLES[found]}</title>" in text
    return found


@pytest.mark.parametrize(
    ("accepted", "spoken"),
    [
        ("", "en"),
        ("de", "en"),
        ("fr", "fr"),
        ("fr-CA,fr;q=0.9,en;q=0.8", "fr"),
        ("en-US,en;q=0.9,fr;q=0.8", "en"),
        ("de,fr;q=0.5", "fr"),
        ("zh-CN,zh;q=0.9", "zh-hans"),
        ("zh", "zh-hans"),
        ("zh-SG", "zh-hans"),
        ("*", "en"),
        ("x" * 600, "en"),
        ("fr;q=nonsense", "en"),
    ],
)
def test_a_page_uses_the_language_of_the_browser(accepted: str, spoken: str) -> None:
    page = Client().get("/", headers={"accept-language": accepted})
    assert language_of(page) == spoken
    assert {"Accept-Language", "Cookie"} <= {name.strip() for name in page["Vary"].split(",")}


def test_what_the_reader_chose_is_stronger_and_is_a_cookie_for_no_other_site_and_no_script() -> None:
    client = Client(headers={"accept-language": "fr"})
    answer = client.post("/language/", {"language": "zh-hans"}, headers={"referer": "http://testserver/"})
    assert (answer.status_code, answer["Location"]) == (302, "http://testserver/")
    cookie = answer.cookies["language"]
    assert (cookie.value, cookie["httponly"], cookie["samesite"], cookie["path"]) == ("zh-hans", True, "Lax", "/")
    assert language_of(client.get("/")) == "zh-hans"
    assert client.get("/")["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("language", ["", "xx", "fr\r\nSet-Cookie: a=b", "../../etc", "tlh"])
def test_an_unsupported_language_changes_nothing(language: str) -> None:
    client = Client()
    client.post("/language/", {"language": language})
    assert language_of(client.get("/")) == "en"


@pytest.mark.parametrize(
    "away", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "http://testserver.evil.example/", ""]
)
def test_the_switch_leads_nowhere_else(away: str) -> None:
    answer = Client().post("/language/", {"language": "fr", "next": away}, headers={"referer": away})
    assert answer["Location"] == "/"


@pytest.mark.django_db
def test_the_switch_leads_back_changes_no_row_and_the_page_holds_no_token_for_it() -> None:
    path = f"/sign/{make.token(make.agreement())}/"
    client = browser(enforce_csrf_checks=True)
    before = all_rows()
    for method in ("get", "head", "options"):
        assert "language" not in getattr(client, method)("/language/", {"language": "fr"}).cookies
    back = client.post("/language/", {"language": "fr"}, headers={"referer": f"http://testserver{path}"})
    assert back["Location"] == f"http://testserver{path}"
    page = client.get(path).content.decode()
    assert all_rows() == before
    assert '<html lang="fr">' in page
    form = page[page.index('<form class="languages"') :]
    form = form[: form.index("</form>")]
    assert "sign/" not in form
    assert "csrf" not in form
    assert '<strong lang="fr" aria-current="true">Français</strong>' in form


@pytest.mark.django_db
def test_pages_that_answer_a_post_have_no_switch_for_what_was_typed_would_be_lost() -> None:
    path = f"/sign/{make.token(make.agreement())}/"
    client = browser(HTTP_ACCEPT_LANGUAGE="fr")
    assert 'class="languages"' in client.get(path).content.decode()
    answer = client.post(path, {"typed_name": "Mike Lewis"})
    assert answer.status_code == 400
    assert 'class="languages"' not in answer.content.decode()


@pytest.mark.django_db
def test_the_admin_is_in_english() -> None:
    client = Client(headers={"accept-language": "fr"})
    client.cookies["language"] = "zh-hans"
    page = client.get("/admin/login/")
    assert b'lang="en"' in page.content
    for words in ("Connexion", "Mot de passe", "登录"):
        assert words not in page.content.decode()


def test_the_language_of_a_request_ends_with_it_even_if_it_fails() -> None:
    def answer(request: HttpRequest) -> HttpResponse:
        assert translation.get_language() == "fr"
        if request.path == "/fails/":
            raise RuntimeError
        return HttpResponse()

    for path in ("/", "/fails/"):
        request = RequestFactory().get(path, headers={"accept-language": "fr"})
        if path == "/fails/":
            with pytest.raises(RuntimeError):
                LanguageMiddleware(answer)(request)
        else:
            LanguageMiddleware(answer)(request)
        assert translation.get_language() == "en"


def test_where_there_is_one_language_there_is_nothing_to_choose(settings: Settings) -> None:
    settings.LANGUAGES = [("en", "English")]
    assert b'class="languages"' not in Client(headers={"accept-language": "fr"}).get("/").content
