"""manage.py index_search: for a PostgreSQL whose superuser has made the extension pg_trgm after `migrate` could not."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from agreements.models import search
from proceedings.models.search import INDEXES, make_indexes


class Command(BaseCommand):
    help = "Makes the indexes by which papers and agreements are searched, on PostgreSQL."

    def handle(self, *args: Any, **options: Any) -> None:
        if why := make_indexes([*INDEXES, *search.INDEXES]):
            raise CommandError(f"PostgreSQL says: {why}")
        self.stdout.write("Papers and agreements are found as fast as this database can.")
