"""Non-author signers: to read, and to remove."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from agreements.admin.format import time_column
from agreements.models import NonAuthorSigner
from proceedings.accounts.permissions import OwnVolumeFilter, OwnVolumes


@admin.register(NonAuthorSigner)
class NonAuthorSignerAdmin(OwnVolumes):
    """Created by accepting a change request. Removing one changes no agreement: the next one asks the author again."""

    volume_path = "author__paper__volume"
    list_display = ["name", "email", "author", "paper", time_column("named_at", "accepted"), "named_by"]
    list_filter = [type("ByVolume", (OwnVolumeFilter,), {"volume_path": volume_path})]
    list_select_related = ["author__paper"]

    @admin.display(description="paper")
    def paper(self, non_author_signer: NonAuthorSigner) -> str:
        return non_author_signer.author.paper.key

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may_change(request, obj)
