from django.apps import AppConfig


class AgreementsConfig(AppConfig):
    name = "agreements"
    verbose_name = "Publication agreements"

    def ready(self) -> None:
        from agreements import checks, receivers  # noqa: F401, PLC0415 - importing checks registers them

        receivers.listen()
