"""The sealed PDF as a download."""

from django.core.files.storage import storages
from django.http import FileResponse

from agreements.models import Agreement


def sealed_response(agreement: Agreement) -> FileResponse:
    """Return the sealed PDF as a download, under the publisher's file name."""
    return FileResponse(
        storages["private"].open(agreement.sealed_file),
        as_attachment=True,
        filename=f"{agreement.paper_key}Permission.pdf",
        content_type="application/pdf",
    )
