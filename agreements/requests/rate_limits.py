"""Rate limits of the public pages."""

from datetime import timedelta

from proceedings.web.rate_limits import RETENTION, Limit, delete_old_attempts, fits_limit, limit_reached, use_limit

__all__ = [
    "EMAILS",
    "EXPIRED_LINKS",
    "RETENTION",
    "SIGNING",
    "UPLOADS",
    "Limit",
    "delete_old_attempts",
    "fits_limit",
    "limit_reached",
    "use_limit",
]

EXPIRED_LINKS = Limit("misses", 20, timedelta(minutes=1))
"""Per network address: posts to expired links, and requests for new ones."""
SIGNING = Limit("signing", 5, timedelta(hours=1))
"""Per link: submitted signing forms."""
UPLOADS = Limit("uploads", 10, timedelta(hours=1))
"""Per agreement: uploads of signed forms, each of which starts a process."""
EMAILS = Limit("mails", 3, timedelta(days=1))
"""Per email address: emails that somebody requested. Counted by the messages themselves."""
