from django.apps import AppConfig
from django.contrib.admin import apps as admin


class ProceedingsConfig(AppConfig):
    name = "proceedings"
    verbose_name = "Proceedings"
    default = True

    def ready(self) -> None:
        from proceedings import checks  # noqa: F401, PLC0415 - registers the system checks


class EditorialAdminConfig(admin.AdminConfig):
    """Django's admin with our own site class."""

    default_site = "proceedings.site.EditorialSite"
    default = False
