"""Simulated authors who answer their emails through the real pages: GET, read the hidden fields, POST with CSRF."""

import html
import re
from datetime import datetime
from typing import Any
from urllib.parse import urlparse

from django.conf import settings
from django.test import Client

HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')


def hidden_in(page: str) -> dict[str, str]:
    """The hidden fields of a page's form, as a browser would send them."""
    return {name: html.unescape(value) for name, value in HIDDEN.findall(page)}


class Author:
    """One person's browser at the moment `now`."""

    def __init__(self, now: datetime) -> None:
        base = urlparse(settings.PUBLIC_BASE_URL)
        self.client = Client(enforce_csrf_checks=True, headers={"user-agent": "demo author"})
        environment: dict[str, Any] = self.client.defaults
        environment |= {"SERVER_NAME": base.hostname, "SERVER_PORT": str(base.port or 80), "desk.now": now}

    def hidden_fields(self, path: str) -> dict[str, str]:
        return hidden_in(self.client.get(path).content.decode())

    def sign(self, link: str, name: str) -> bool:
        """Types the name, ticks both boxes, reviews and signs. True if the page then shows the receipt."""
        path = urlparse(link).path
        fields = {**self.hidden_fields(path), "typed_name": name, "authority": "on", "consent": "on"}
        review = self.client.post(path, fields)
        answer = self.client.post(path, {**hidden_in(review.content.decode()), "step": "sign"}, follow=True)
        return "Signed. Thank you." in answer.content.decode()

    def decline(self, link: str, reason: str) -> bool:
        path = urlparse(link).path + "decline/"
        answer = self.client.post(path, {**self.hidden_fields(path), "reason": reason, "sure": "on"})
        return "You declined to sign" in answer.content.decode()
