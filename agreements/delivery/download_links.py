"""Download links to finished packages; they expire after minutes."""

from datetime import timedelta

from django.core import signing
from django.core.files.storage import FileSystemStorage, storages
from django.urls import reverse

from agreements.models import Package

LINK_LIFETIME = timedelta(minutes=10)


SALT = "agreements.package"


def download_url(package: Package) -> str:
    """Return a temporary download URL: of this site, or of the object storage itself."""
    storage = storages["private"]
    if isinstance(storage, FileSystemStorage):
        return reverse("package", args=[signing.dumps(package.pk, salt=SALT), package.name])
    named = {"ResponseContentDisposition": f'attachment; filename="{package.name}"'}
    address: str = storage.url(package.stored_as, parameters=named, expire=int(LINK_LIFETIME.total_seconds()))  # type: ignore[call-arg]
    return address
