"""How often the public pages may be used, and by whom."""

from datetime import timedelta

from proceedings.web.rate_limits import KEEP, Limit, forget, reached, room, take

__all__ = ["KEEP", "MAILS", "MISSES", "SIGNING", "UPLOADS", "Limit", "forget", "reached", "room", "take"]

MISSES = Limit("misses", 20, timedelta(minutes=1))
"""Of one address of the network: posts to links that are dead, and requests for fresh ones."""
SIGNING = Limit("signing", 5, timedelta(hours=1))
"""Of one link: filled-in forms sent to be signed."""
UPLOADS = Limit("uploads", 10, timedelta(hours=1))
"""About one agreement: forms signed by hand, for each of which a process is started."""
MAILS = Limit("mails", 3, timedelta(days=1))
"""To one mail address: mails that somebody asked for. Counted by the mails themselves."""
