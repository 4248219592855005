"""Downloads of finished packages, by links that expire after minutes and work in any program."""

from django.core import signing
from django.core.files.storage import storages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from agreements.delivery.download_links import LINK_LIFETIME, SALT
from agreements.models import Package
from proceedings.web import byte_ranges


@never_cache
@require_safe
def package(request: HttpRequest, ticket: str, name: str) -> HttpResponse | FileResponse:
    """The file, or a part of it to continue a download."""
    try:
        pk = signing.loads(ticket, salt=SALT, max_age=LINK_LIFETIME)
        found = Package.objects.select_related("volume").get(pk=pk, state=Package.State.DONE)
        file = storages["private"].open(found.stored_as)
    except (signing.BadSignature, Package.DoesNotExist, FileNotFoundError):
        return render(request, "agreements/download_expired.html", status=404)
    return byte_ranges.download(request, file, size=found.size, sha256=found.sha256, name=found.name)  # type: ignore[arg-type]
