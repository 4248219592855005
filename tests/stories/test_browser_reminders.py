"""An editor at the reminders' page in a real Chromium: looks ahead, pauses, writes words of the volume's own."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives

from agreements.mail import compose
from agreements.models import EmailTemplate, Message, SigningSettings
from tests import make
from tests.make import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.browser]

WIDTHS = (320, 390, 1280)


def log_in(someone: Any) -> None:
    someone.go("/admin/login/?next=/admin/")
    someone.page.fill("#id_username", "ed")
    someone.page.fill("#id_password", "pass")
    someone.press("input[type=submit]")


@pytest.mark.parametrize("width", WIDTHS)
def test_an_editor_previews_pauses_and_writes_a_template(reader: Callable[..., Any], width: int) -> None:
    volume = make.the_volume()
    make.editor("ed", volume)
    for name in ("ann", "ann", "bea"):
        make.agreement("issued", of=make.paper(volume, contact=f"{name}@example.org"))
    Message.objects.update(state="sent", sent_at=NOW)
    with reader(width=width) as someone:
        log_in(someone)
        someone.go(f"/admin/proceedings/volume/{volume.pk}/board/")
        someone.press("text=Reminders >> nth=0")
        someone.check()
        assert someone.says("Next emails if nobody signs")
        someone.press("button[value=pause-volume]")
        assert someone.says("until an editor resumes them.")
        assert SigningSettings.objects.get(volume=volume).paused_until
        someone.check()
        someone.press("button[value=resume-volume]")
        someone.press("text=Invitation")
        someone.page.fill("#id_body", "Please sign {title} by {deadline}.")
        someone.press("input[name=save]")
        assert someone.says("{link} must occur exactly once")
        someone.check()
        someone.page.fill("#id_body", "Please sign {title} by {deadline}:\n\n{link}")
        someone.press("input[name=look]")
        assert someone.says("Please sign A Sample Paper by 30 November 2026")
        someone.check()
        someone.press("input[name=save]")
        assert EmailTemplate.objects.get().kind == "invitation"


@pytest.mark.parametrize("width", WIDTHS)
def test_a_combined_email_fits_a_phone(reader: Callable[..., Any], width: int) -> None:
    one, other = make.agreement("issued"), make.agreement("issued")
    carrier = make.combined_reminder(one, other)
    mails = [compose.compose(row, NOW) for row in (carrier, make.ask_coauthor(one))]
    with reader(width=width) as someone:
        for mail in mails:
            assert isinstance(mail, EmailMultiAlternatives)
            someone.page.set_content(str(mail.alternatives[0][0]))
            assert someone.page.evaluate("document.documentElement.scrollWidth") <= width
