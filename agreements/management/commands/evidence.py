"""manage.py evidence 247 smith24 --to FILE.zip: the sealed agreement with all that proves it."""

from agreements.management.commands import export_evidence


class Command(export_evidence.Command):
    hidden_alias = is None:
            raise CommandError(f"v{volume.number} has no sealed agreement for {options['paper']}.")
        try:
            write_atomically(options["to"], evidence_bundle.build_bundle(agreement))
        except OSError as error:
            raise CommandError(f"{options['to']} cannot be written: {error}") from error
        self.stdout.write(f"{options['to']}: {agreement.reference}; unpack it and run `python3 verify.py`.")
