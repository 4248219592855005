"""How often the public pages may be used, and by whom."""

from datetime import timedelta

from proceedings.web.rate_limits import RETENTION, Limit, delete_old_attempts, fits_limit, limit_reached, use_limit

__all__ = [
    "MAILS",
    "MISSES",
    "RETENTION",
    "SIGNING",
    "UPLOADS",
    "Limit",
    "delete_old_attempts",
    "fits_limit",
    "limit_reached",
    "use_limit",
]

MISSES = Limit("misses", 20, timedelta(minutes=1))
"""Of one address of the network: posts to links that are dead, and requests for fresh ones."""
SIGNING = Limit("signing", 5, timedelta(hours=1))
"""Of one link: filled-in forms sent to be signed."""
UPLOADS = Limit("uploads", 10, timedelta(hours=1))
"""About one agreement: forms signed by hand, for each of which a process is started."""
MAILS = Limit("mails", 3, timedelta(days=1))
"""To one mail address: mails that somebody asked for. Counted by the mails themselves."""
