"""A real Chromium, and a reader who notices what a page does wrong."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlparse

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
QUIET += ["--disable-sync", "--no-first-run", "--disable-quic"]

SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
FOCUSED = "document.activeElement.id || document.activeElement.textContent.trim()"


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert program, "These tests need a Chromium: apt install chromium."
    # Playwright keeps an event loop in this thread, and Django would refuse to touch the database beside it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=QUIET)
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


class Reader:
    """A page, with a note of everything that the browser complained about or fetched from elsewhere."""

    def __init__(self, page: Page, home: str) -> None:
        self.page, self.home = page, home
        self.complaints: list[str] = []
        self.listening = True
        page.on("console", self.hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self.watch)

    def hear(self, message: ConsoleMessage) -> None:
        # The browser also reports every 400 and 404 that a test asked for.
        if (
            self.listening
            and message.type in ("error", "warning")
            and "server responded with a status" not in message.text
        ):
            self.complaints.append(message.text)

    def watch(self, request: Request) -> None:
        if urlparse(request.url).netloc != urlparse(self.home).netloc and not request.url.startswith("data:"):
            self.complaints.append(f"fetched {request.url}")

    def go(self, path: str) -> None:
        self.page.goto(self.home + path)

    def press(self, what: str) -> None:
        """Clicks on what leads to another page, and waits for that."""
        with self.page.expect_navigation():
            self.page.click(what)

    def barriers(self) -> list[str]:
        """What is wrong with the page: complaints, something cut off, what axe finds."""
        found, self.complaints = self.complaints, []
        if self.page.evaluate(SIDEWAYS) > 0:
            found.append("scrolls sideways")
        self.listening = False  # axe sets styles of its own, which the page's policy rightly refuses
        violations = Axe().run(self.page).response["violations"]
        self.listening = True
        found += [f"{each['id']}: {[node['html'] for node in each['nodes']]}" for each in violations]
        return [f"{urlparse(self.page.url).path}: {each}" for each in found]

    def check(self) -> None:
        assert not self.barriers()

    def says(self, words: str) -> bool:
        return words in self.page.inner_text("body")

    def focused(self) -> str:
        return str(self.page.evaluate(FOCUSED))


@pytest.fixture
def reader(chromium: Browser, live_server: Any, committed: None) -> Callable[..., Any]:
    """`with reader(width=320) as someone:` a person before a fresh browser window."""

    @contextmanager
    def open_window(width: int = 1280, height: int = 800, **options: Any) -> Iterator[Reader]:
        context = chromium.new_context(viewport={"width": width, "height": height}, **options)
        context.set_default_timeout(10_000)
        try:
            yield Reader(context.new_page(), live_server.url)
        finally:
            context.close()

    return open_window
