"""manage.py index_search: for a PostgreSQL whose superuser has made the extension pg_trgm after `migrate` could not."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from agreements import searching
from proceedings.searching import INDEXES, make_indexes


class Command(BaseCommand):
    help = "Makes the indexes by which papers and agreements are searched, on PostgreSQL."

    def handle(self, *args: Any, **options: Any) -> None:
        if why := make_indexes([*INDEXES, *searching.INDEXES]):
            raise CommandError(f"PostgreSQL says: {why}")
        self.stdout.write("Papers and agreements are found as fast as this database can.")
