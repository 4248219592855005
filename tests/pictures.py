"""``make pictures``: screenshots for the documentation, taken with Chromium from the demo.

Run with the demo's environment, after ``make demo SERVE=0``. It finds pages by URL names and fields by their form
names, so that changed texts do not matter.
"""

import io
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import urlopen

import django
from PIL import Image
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "pictures"
WIDTH, HEIGHT = 1280, 800
TALLEST = 1000
"""Maximum height in pixels; readers of the guides need no more of a long page."""
COLOURS = 96
LARGEST = 150_000
"""Maximum bytes of one picture in the repository."""
VOLUME = 247
EDITOR = "chair"
READY_WITHIN = 60
CHROMIUM = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


@dataclass(frozen=True, slots=True)
class Subjects:
    """Rows of the demo that the pictures show."""

    volume: int
    sealed: int
    reference: str
    link: str
    """Path of the signing link of an author who has not signed."""
    signer: str


@dataclass(frozen=True, slots=True)
class Picture:
    """One page: the name of the picture, the name of its URL, and the URL's arguments."""

    name: str
    url: str
    about: Callable[[Subjects], list[Any]] = lambda _: []
    query: Callable[[Subjects], dict[str, Any]] = lambda _: {}
    before: Callable[[Page, Subjects], None] = lambda _page, _subjects: None
    """What to do on the page first."""


def of_volume(subjects: Subjects) -> list[Any]:
    return [subjects.volume]


def with_volume(_: Subjects) -> dict[str, Any]:
    return {"volume": VOLUME}


def of_link(subjects: Subjects) -> list[Any]:
    return [urlsplit(subjects.link).path.strip("/").rpartition("/")[2]]


def fill_in(page: Page, subjects: Subjects) -> None:
    """Fills in the agreement's form and continues to the review."""
    form = page.locator("form", has=page.locator("[name=typed_name]"))
    form.locator("[name=typed_name]").fill(subjects.signer)
    form.locator("[name=authority]").check()
    form.locator("[name=consent]").check()
    with page.expect_navigation():
        form.locator("[type=submit]").first.click()


PICTURES = (
    Picture("volumes", "admin:proceedings_volume_changelist"),
    Picture("import", "admin:proceedings_volume_import", query=with_volume),
    Picture("names-to-review", "admin:proceedings_volume_names", of_volume),
    Picture("files", "admin:proceedings_volume_files", of_volume),
    Picture("signing-settings", "admin:proceedings_volume_change", of_volume),
    Picture("overview", "admin:proceedings_volume_overview", of_volume),
    Picture("papers", "admin:proceedings_paper_changelist", query=with_volume),
    Picture("agreement", "admin:agreements_agreement_change", lambda subjects: [subjects.sealed]),
    Picture("reminders", "admin:proceedings_volume_reminders", of_volume),
    Picture("packages", "admin:proceedings_volume_packages", of_volume),
    Picture("sign", "sign", of_link),
    Picture("review-and-sign", "sign", of_link, before=fill_in),
    Picture("verify", "verify", query=lambda subjects: {"reference": subjects.reference}),
)
"""All pages with a picture. If a page moves, change only this list."""


def main() -> None:
    django.setup()
    subjects, cookie = find_subjects(), session_cookie()
    FOLDER.mkdir(exist_ok=True)
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        raise SystemExit("The pictures need a Chromium: apt install chromium.")
    with served() as home, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=CHROMIUM)
        context = browser.new_context(
            viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light", locale="en-GB", timezone_id="UTC"
        )
        context.add_cookies([{"name": cookie[0], "value": cookie[1], "url": home}])
        page = context.new_page()
        for picture in PICTURES:
            take(page, picture, subjects, home)
        browser.close()


def find_subjects() -> Subjects:
    """Raises SystemExit if the demo has not run."""
    from django.conf import settings

    from agreements.demo import mailbox
    from agreements.domain.states import Status
    from agreements.models import Agreement
    from proceedings.models import Volume

    volume = Volume.objects.filter(number=VOLUME).first()
    about = Agreement.objects.filter(paper__volume=volume).order_by("paper__position")
    sealed, waiting = about.filter(status=Status.SEALED).first(), about.filter(status=Status.ISSUED)
    links = {mail.reference: mail.link for mail in reversed(mailbox.read(settings.EMAIL_FILE_PATH)) if mail.link}
    asked = next((one for one in waiting if one.reference in links), None)
    if volume is None or sealed is None or asked is None:
        raise SystemExit("The demo’s database lacks what is to be shown. Run `make pictures`, which makes one.")
    return Subjects(volume.pk, sealed.pk, sealed.reference, links[asked.reference], asked.signer)


def session_cookie() -> tuple[str, str]:
    """Returns name and value of the session cookie of a logged-in editor."""
    from django.conf import settings
    from django.contrib.auth import get_user_model
    from django.test import Client

    client = Client()
    client.force_login(get_user_model().objects.get(username=EDITOR))
    return settings.SESSION_COOKIE_NAME, client.cookies[settings.SESSION_COOKIE_NAME].value


@contextmanager
def served() -> Iterator[str]:
    """Serves the demo's pages on a free port. Yields their URL."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "manage.py", "runserver", "--noreload", f"127.0.0.1:{port}"]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        home = f"http://127.0.0.1:{port}"
        wait_for(f"{home}/health")
        yield home
    finally:
        server.terminate()
        server.wait(timeout=30)


def wait_for(address: str) -> None:
    for _ in range(READY_WITHIN * 4):
        try:
            with urlopen(address):
                return
        except (URLError, ConnectionError):
            time.sleep(0.25)
    raise SystemExit(f"{address} did not answer within {READY_WITHIN} seconds.")


def take(page: Page, picture: Picture, subjects: Subjects, home: str) -> None:
    """Opens the page, waits until it is complete, and saves the top of it."""
    from django.urls import reverse

    query = urlencode(picture.query(subjects))
    answer = page.goto(home + reverse(picture.url, args=picture.about(subjects)) + (f"?{query}" if query else ""))
    if answer is None or not answer.ok:
        raise SystemExit(f"{picture.name}: the page answers {answer.status if answer else 'nothing'}.")
    picture.before(page, subjects)
    page.wait_for_load_state("networkidle")
    tall = int(page.evaluate("document.documentElement.scrollHeight"))
    clip: Any = {"x": 0, "y": 0, "width": WIDTH, "height": min(max(tall, HEIGHT // 2), TALLEST)}
    body = compressed(page.screenshot(full_page=True, clip=clip, animations="disabled"))
    (FOLDER / f"{picture.name}.png").write_bytes(body)
    print(f"{picture.name}.png  {len(body) // 1000} kB")


def compressed(body: bytes) -> bytes:
    """Reduces the picture to its most frequent colours. Raises SystemExit if it is still too large."""
    picture = Image.open(io.BytesIO(body)).convert("RGB")
    counted: Any = sorted(picture.getcolors(picture.width * picture.height) or [], reverse=True)
    palette = Image.new("P", (1, 1))
    palette.putpalette([part for _, colour in counted[:COLOURS] for part in colour])
    few = picture.quantize(palette=palette, dither=Image.Dither.NONE)
    kept = io.BytesIO()
    few.save(kept, "PNG", optimize=True)
    if kept.tell() > LARGEST:
        raise SystemExit(f"A picture has {kept.tell()} bytes. Show less of its page.")
    return kept.getvalue()


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "proceedings.settings")
    main()
