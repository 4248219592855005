"""Base of the queues of requests: rows are read-only; each has a page to resolve it."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from agreements.models import Agreement
from proceedings.accounts.permissions import OwnVolumes, can_edit


class RequestAdmin(OwnVolumes):
    """Requests about one agreement each."""

    volume_path = "agreement__paper__volume"
    list_select_related = ["agreement__paper__volume"]
    template = ""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def agreement_or_404(self, request: HttpRequest, pk: int) -> Agreement:
        """An agreement of a volume that the user may change. Raises Http404."""
        rows = Agreement.objects.select_related("paper__volume__signing_settings")
        agreement = get_object_or_404(rows, pk=pk)
        if not can_edit(request, agreement.paper.volume_id):
            raise Http404
        return agreement

    def row_or_404(self, request: HttpRequest, object_id: str) -> Any:
        row = self.get_object(request, object_id)
        if row is None or not self.has_view_permission(request, row):
            raise Http404
        return row

    def page(
        self, request: HttpRequest, template: str, agreement: Agreement, *, wrong: bool = False, **context: Any
    ) -> HttpResponse:
        """Renders a page about a row, or a form for a new one; `wrong` if the posted form has errors."""
        common = self.admin_site.each_context(request) | {"agreement": agreement, "opts": self.opts}
        return render(request, f"admin/agreements/{template}.html", common | context, status=400 if wrong else 200)
