"""The real Celery app with everything that takes minutes made short, so that a run sees many leases end."""

from datetime import timedelta

import django

from proceedings.celery import app

django.setup()

from agreements.mail import outbox

outbox.LEASE = timedelta(seconds=4)
outbox.BACKOFF = [timedelta(seconds=1)] * len(outbox.BACKOFF)
app.conf.beat_schedule = {"send": {"task": "agreements.send", "schedule": 1.0, "options": {"expires": 3}}}
