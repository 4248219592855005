"""Downloads that can be resumed: byte ranges by RFC 9110, section 14."""

import re
from typing import Any, BinaryIO

from django.http import FileResponse, HttpRequest, HttpResponse

_ONE_RANGE = re.compile(r"bytes=(?P<first>\d{0,18})-(?P<last>\d{0,18})\Z", re.ASCII)


class _Download(FileResponse):
    block_size = 1 << 18


class _Piece:
    """The next `size` bytes of a file from its current position."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file, self._left = file, size

    def read(self, size: int) -> bytes:
        piece = self._file.read(min(size, self._left))
        self._left -= len(piece)
        return piece

    def close(self) -> None:
        self._file.close()


def download(request: HttpRequest, file: BinaryIO, *, size: int, sha256: str, name: str) -> HttpResponse | FileResponse:
    """Returns `file` in full, or the one range that is requested. The response closes it.

    Requests for several ranges, or with an unreadable header, get the full file, as the RFC allows.
    """
    tag = f'"{sha256}"'
    headers: dict[str, Any] = {"ETag": tag, "Accept-Ranges": "bytes"}
    asked = _ONE_RANGE.match(request.headers.get("Range", ""))
    wanted = request.headers.get("If-Range", tag) == tag
    if not (asked and wanted and (asked["first"] or asked["last"])):
        return _Download(file, as_attachment=True, filename=name, headers=headers | {"Content-Length": str(size)})
    if asked["first"]:
        first, last = int(asked["first"]), min(int(asked["last"] or size), size - 1)
    else:
        first, last = max(0, size - int(asked["last"])), size - 1
    if first > last or first >= size:
        file.close()
        return HttpResponse(status=416, headers=headers | {"Content-Range": f"bytes */{size}"})
    file.seek(first)
    headers |= {"Content-Range": f"bytes {first}-{last}/{size}", "Content-Length": str(last - first + 1)}
    piece = _Piece(file, last - first + 1)
    return _Download(piece, as_attachment=True, filename=name, status=206, headers=headers)
