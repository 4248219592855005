"""Stores OpenReview's forum ids bare, as the publisher wants them. Addresses that hold no id stay as they are."""

from django.db import migrations

from proceedings.bibtex.forum_ids import FIELD, read_forum_id


def shorten(apps, schema_editor):
    papers = apps.get_model("proceedings", "Paper")
    changed = []
    for paper in papers.objects.filter(extra__has_key=FIELD).only("extra").iterator():
        stored = paper.extra[FIELD]
        forum = read_forum_id(stored) if isinstance(stored, str) else ""
        if forum and forum != stored:
            paper.extra[FIELD] = forum
            changed.append(paper)
    papers.objects.bulk_update(changed, ["extra"], batch_size=500)


class Migration(migrations.Migration):
    dependencies = [("proceedings", "0005_licence_and_profile")]

    operations = [migrations.RunPython(shorten, migrations.RunPython.noop)]
