"""Models and columns get the names of the glossary; every row stays."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("proceedings", "0009_public_id")]

    operations = [
        migrations.RenameModel("NameQuestion", "NameReview"),
        migrations.RemoveConstraint("author", "one_contact_per_paper"),
        migrations.RemoveConstraint("author", "contact_has_address"),
        migrations.RemoveConstraint("namereview", "settled_name_has_answer"),
        migrations.RenameField("author", "is_contact", "is_corresponding"),
        migrations.RenameField("namereview", "settled_at", "resolved_at"),
        migrations.RenameField("namereview", "settled_by", "resolved_by"),
        migrations.AddConstraint(
            model_name='author',
            constraint=models.UniqueConstraint(condition=models.Q(('is_corresponding', True)), fields=('paper',), name='one_corresponding_author', violation_error_message='A paper has one corresponding author.'),
        ),
        migrations.AddConstraint(
            model_name='author',
            constraint=models.CheckConstraint(condition=models.Q(('is_corresponding', False), models.Q(('email', ''), _negated=True), _connector='OR'), name='corresponding_author_has_address', violation_error_message='The corresponding author needs an e-mail address.'),
        ),
        migrations.AddConstraint(
            model_name='namereview',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('answer', ''), ('resolved_at__isnull', True)), models.Q(('resolved_at__isnull', False), models.Q(('answer', ''), _negated=True), models.Q(('resolved_by', ''), _negated=True)), _connector='OR'), name='resolved_name_has_answer'),
        ),
    ]
