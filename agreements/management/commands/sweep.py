"""manage.py sweep: the clock's rounds by hand, the same code that Celery runs."""

from agreements.management.commands import run_jobs


class Command(run_jobs.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        time = scheduled.fixed_clock(moment(options["now"])) if options["now"] else timezone.now
        for name, run in scheduled.JOBS.items():
            if options["round"] in (name, "all"):
                tally = True
