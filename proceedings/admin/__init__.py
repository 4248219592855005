"""Volumes and papers in the admin. The agreements app adds what concerns their agreements."""

from proceedings.admin.papers import PaperAdmin
from proceedings.admin.users import DeskUserAdmin
from proceedings.admin.volumes import VolumeAdmin

__all__ = ["DeskUserAdmin", "PaperAdmin", "VolumeAdmin"]
