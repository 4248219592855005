"""Blocks and languages of addresses are found by the address's key, and by each spelling that rows may have of it."""

from django.db import migrations

from proceedings.email_address import address_key, spellings


def add_keys(apps, schema_editor):
    """Adds a row for each other spelling of an address. Keeps the rows that are there."""
    addresses = apps.get_model("agreements", "EmailAddress")
    for row in list(addresses.objects.order_by("pk")):
        others = {address_key(row.address), *spellings(row.address)} - {row.address}
        for spelling in sorted(others):
            other, _ = addresses.objects.get_or_create(address=spelling)
            if row.undeliverable_at and not other.undeliverable_at:
                other.undeliverable_at, other.reason = row.undeliverable_at, row.reason
            other.language = other.language or row.language
            other.save()


class Migration(migrations.Migration):
    dependencies = [("agreements", "0022_plain_addresses")]
    operations = [migrations.RunPython(add_keys, migrations.RunPython.noop)]
