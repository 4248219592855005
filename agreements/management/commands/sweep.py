"""The former name of `run_jobs`."""

from agreements.management.commands import run_jobs


class Command(run_jobs.Command):
    hidden_alias = True
