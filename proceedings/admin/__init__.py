"""Volumes and papers in the admin. The agreements app adds what concerns their agreements."""

from proceedings.admin.papers import PaperAdmin
from proceedings.admin.users import StaffAdmin
from proceedings.admin.volumes import VolumeAdmin

__all__ = ["PaperAdmin", "StaffAdmin", "VolumeAdmin"]
