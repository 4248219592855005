"""manage.py create_search_indexes: for PostgreSQL, if `migrate` could not create the extension pg_trgm."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from agreements.models import search
from proceedings.models.search import INDEXES, make_indexes


class Command(BaseCommand):
    help = "Create the PostgreSQL indexes for searching papers and agreements."

    def handle(self, *args: Any, **options: Any) -> None:
        if why := make_indexes([*INDEXES, *search.INDEXES]):
            raise CommandError(f"PostgreSQL cannot create the indexes: {why}")
        self.stdout.write("The search indexes exist.")
