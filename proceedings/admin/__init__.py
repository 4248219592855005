"""Volumes and papers in the admin. The agreements app adds what concerns their agreements."""

from proceedings.admin.volumes import DeskUserAdmin, PaperAdmin, VolumeAdmin

__all__ = ["DeskUserAdmin", "PaperAdmin", "VolumeAdmin"]
