"""The real Celery app with everything that takes minutes made short, so that a run sees many leases end."""

from datetime import timedelta

import django

from proceedings.celery import app

django.setup()

from agreements import mail

mail.LEASE = timedelta(seconds=4)
mail.BACKOFF = [timedelta(seconds=1)] * len(mail.BACKOFF)
app.conf.beat_schedule = {"send": {"task": "agreements.send", "schedule": 1.0, "options": {"expires": 3}}}
