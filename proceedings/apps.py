from django.apps import AppConfig
from django.contrib.admin import apps as admin


class ProceedingsConfig(AppConfig):
    name = "proceedings"
    verbose_name = "Proceedings"
    default = True


class DeskConfig(admin.AdminConfig):
    """Django's admin with the desk as its site."""

    default_site = "proceedings.desk.Desk"
    default = False
