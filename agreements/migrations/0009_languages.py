"""The language of a volume's mails, and of whoever gets them."""

import agreements.models.signing_settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('agreements', '0008_packages'),
    ]

    operations = [
        migrations.AddField(
            model_name='addressee',
            name='language',
            field=models.CharField(blank=True, help_text='Of the page from which its owner last sent something; mails follow it.', max_length=10),
        ),
        migrations.AddField(
            model_name='terms',
            name='language',
            field=models.CharField(default='en', help_text='Until an author has used the pages in another one. Mails to editors are in English.', max_length=10, validators=[agreements.models.signing_settings.known_language], verbose_name='language of mails'),
        ),
    ]
