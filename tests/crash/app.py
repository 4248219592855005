"""The real Celery app with short times instead of minutes, so that a run includes many expired leases."""

from datetime import timedelta

import django

from proceedings.celery import app

django.setup()

from agreements.mail import outbox

outbox.LEASE = timedelta(seconds=4)
outbox.BACKOFF = [timedelta(seconds=1)] * len(outbox.BACKOFF)
app.conf.beat_schedule = {"send": {"task": "agreements.send", "schedule": 1.0, "options": {"expires": 3}}}
