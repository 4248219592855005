"""manage.py deliver 247 --to DIR: what the publisher gets, or why it cannot have it yet."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from tqdm import tqdm

from agreements import lifecycle
from agreements.delivery import packages, pull_request, readiness
from proceedings.delivery import author_files
from proceedings.delivery.git_repository import Git, GitError
from proceedings.files.atomic import write_atomically
from proceedings.management.arguments import moment, volume_numbered


class Command(BaseCommand):
    help = (
        "Write the public package and the permissions package. If the volume is not ready, the command lists what is "
        "missing; --partial writes the ready papers only. Exit status 0: the volume is complete; 1: it is not."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("volume", help="the publisher's number, such as 247")
        parser.add_argument("--to", required=True, type=Path, metavar="DIR", help="folder for vNN/ and vNNpermissions/")
        parser.add_argument("--partial", action="store_true", help="write partial packages with the ready papers only")
        parser.add_argument(
            "--git",
            action="store_true",
            help="also write vNN-pull-request/: the public package as one commit of a git repository, and the text of "
            "the pull request; nothing is pushed",
        )
        parser.add_argument(
            "--onto",
            type=Path,
            metavar="DIR_OR_BUNDLE",
            help="with --git: your clone of the publisher's repository, or a bundle of it, that the commit follows",
        )
        parser.add_argument("--branch", metavar="NAME", help="with --git: name of the branch; default: vNN-papers")
        parser.add_argument("--author", metavar="“NAME <ADDRESS>”", help="with --git: default: PULL_REQUEST_AUTHOR")
        parser.add_argument("--now", help="use this time instead of the current one (ISO 8601, UTC)")

    def handle(self, *args: Any, **options: Any) -> None:
        volume = volume_numbered(options["volume"])
        now = moment(options["now"]) if options["now"] else timezone.now()
        what = packages.prepare_delivery(volume, now.date())
        for reason in what.reasons:
            self.stdout.write(f"  {reason}")
        if not what.ready and not options["partial"]:
            self.stdout.write(
                f"v{volume.number} is not ready, so nothing was written ({len(what.reasons)} reasons above). "
                "Add --partial to write the ready papers only."
            )
            sys.exit(1)
        with self.git_for(what, options) as git:
            self.write(what, options, now, git)

    @contextmanager
    def git_for(self, what: packages.Delivery, options: dict[str, Any]) -> Iterator[Git | None]:
        """Provide git, or None without --git. What can be wrong about it is said before anything is written."""
        if not options["git"]:
            if extra := [name for name in ("onto", "branch", "author") if options[name]]:
                raise CommandError(f"--{extra[0]} needs --git.")
            yield None
            return
        options["branch"] = options["branch"] or pull_request.default_branch(what)
        options["author"] = options["author"] or settings.PULL_REQUEST_AUTHOR or settings.DEFAULT_FROM_EMAIL
        with ExitStack() as stack:
            try:
                git = stack.enter_context(Git())
                pull_request.check_target(what, options["to"], git=git, **self.request(options))
            except GitError as error:
                raise CommandError(f"Nothing was written: {error}") from error
            yield git

    @staticmethod
    def request(options: dict[str, Any]) -> dict[str, Any]:
        return {name: options[name] for name in ("branch", "author", "onto")}

    def write(self, what: packages.Delivery, options: dict[str, Any], now: datetime, git: Git | None) -> None:
        volume = what.volume
        bar = partial(tqdm, desc="files", unit="file", disable=not sys.stderr.isatty())
        try:
            packages.write_delivery(what, options["to"], progress=bar)
        except (OSError, ValueError) as error:
            raise CommandError(f"The packages were not changed: {error}") from error
        if git is not None:
            self.write_pull_request(what, options, now, git)
        for agreement in what.ready_agreements:
            readiness.record_delivery(agreement, by="command line", now=now)
        count, sealed = len(what.ready_agreements), len(what.ready_agreements) - len(what.waived)
        folder = options["to"] / f"v{volume.number}"
        self.stdout.write(f"{folder}permissions: {sealed} sealed agreements, with their evidence and manifest")
        for agreement in what.waived:
            self.stdout.write(f"  {agreement.paper.key} has no signature: {agreement.reason}")
        self.stdout.write(f"{folder}: the volume's BibTeX file with {count} papers")
        for kind, authors in author_files.WRITERS.items():
            path = options["to"] / author_files.file_name(volume, kind)
            try:
                write_atomically(path, authors(volume))
            except OSError as error:
                raise CommandError(f"The packages were written, but not {path}: {error.strerror}") from error
            self.stdout.write(f"{path}: all authors with ORCID iDs and affiliations, not for the publisher's folder")
        if not what.ready:
            self.stdout.write(
                f"v{volume.number} is not complete: these are partial packages, and {len(what.blocked)} papers are "
                "missing."
            )
            sys.exit(1)
        lifecycle.stop_volume_reminders(volume.pk, now=now)
        self.stdout.write(f"v{volume.number} is complete.")

    def write_pull_request(self, what: packages.Delivery, options: dict[str, Any], now: datetime, git: Git) -> None:
        try:
            folder, commit = pull_request.write_pull_request(
                what, options["to"], git=git, now=now, **self.request(options)
            )
        except (GitError, OSError, ValueError) as error:
            raise CommandError(f"The packages were written, but not the pull request: {error}") from error
        repository = folder / f"v{what.volume.number}.git"
        self.stdout.write(f"{repository}: commit {commit[:12]} on the branch {options['branch']}")
        self.stdout.write(f"  git --git-dir={repository} push ADDRESS {options['branch']}")
        self.stdout.write(f"{folder / pull_request.TEXT}: the text of the pull request")
