"""The simple solution for comparison: one Celery task per email, through Django's backend. For benchmarks only."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

import django

django.setup()

from celery import Celery
from django.conf import settings
from django.utils import timezone

from agreements.mail import compose
from agreements.models import Message

app = Celery("bench", broker=os.environ.get("BENCH_BROKER", "memory://"))
app.conf.task_ignore_result = True


@app.task
def send_one(pk: int) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", int(os.environ["BENCH_SMTP_PORT"])
    message = Message.objects.select_related("agreement__text", "agreement__paper__volume__signing_settings").get(pk=pk)
    compose.compose(message, timezone.now()).send()
    Message.objects.filter(pk=pk).update(state="sent", sent_at=timezone.now())
