"""The sealed PDF as a download."""

from django.core.files.storage import storages
from django.http import FileResponse

from agreements.models import Agreement


def sealed_response(agreement: Agreement) -> FileResponse:
    """The sealed file as a download, named as the publisher wants it."""
    return FileResponse(
        storages["private"].open(agreement.sealed_file),
        as_attachment=True,
        filename=f"{agreement.paper_key}Permission.pdf",
        content_type="application/pdf",
    )
