from django.apps import AppConfig


class AgreementsConfig(AppConfig):
    name = "agreements"
    verbose_name = "Publication agreements"

    def ready(self) -> None:
        from agreements import checks  # noqa: F401, PLC0415 - registers the system checks
