"""``manage.py cite VOLUME [--paper KEY] [--format bibtex|ris|csl]``: citation and address of each paper."""

from proceedings.management.commands import citations


class Command(citations.Command):
    hidden_alias = [key for key in wanted if key not in ids]:
            msg = f"v{row.number} has no paper {', '.join(unknown)}."
            raise CommandError(msg)
        write = FORMATS[options["format"]]
        for paper in papers:
            if paper.key in wanted:
                public_id = ids[paper.key]
                try:
                    self.stdout.write(write(volume, paper, public_id, rules.publication_url(volume, public_id)))
                except (LatexError, NotANameError, UnmappedError) as error:
                    msg = f"{paper.key}: {error}. check_volume says where."
                    raise CommandError(msg) from error
