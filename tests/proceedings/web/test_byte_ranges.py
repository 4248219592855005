"""Resumable downloads: any request gets the right bytes of the file (RFC 9110, 14)."""

from io import BytesIO
from typing import Any

import pytest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from proceedings.web.byte_ranges import download

BODY = bytes(range(256)) * 3


def asked(header: str | None, **others: str) -> tuple[Any, bytes]:
    headers = {"Range": header, **others} if header is not None else others
    response: Any = download(
        RequestFactory().get("/", headers=headers), BytesIO(BODY), size=len(BODY), sha256="ab12", name="v1.zip"
    )
    body = b"".join(response.streaming_content) if response.streaming else response.content
    return response, body


def test_without_a_range_the_whole_file_comes() -> None:
    response, body = asked(None)

    assert (response.status_code, body) == (200, BODY)
    assert response["Content-Length"] == str(len(BODY))
    assert response["Accept-Ranges"] == "bytes"
    assert response["ETag"] == '"ab12"'
    assert response["Content-Disposition"] == 'attachment; filename="v1.zip"'


@pytest.mark.parametrize(
    ("header", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=10-19", 10, 19),
        ("bytes=700-", 700, 767),
        ("bytes=-8", 760, 767),
        ("bytes=-9999", 0, 767),
        ("bytes=760-99999", 760, 767),
    ],
)
def test_one_range(header: str, first: int, last: int) -> None:
    response, body = asked(header)

    assert (response.status_code, body) == (206, BODY[first : last + 1])
    assert response["Content-Range"] == f"bytes {first}-{last}/768"
    assert response["Content-Length"] == str(len(body))


@pytest.mark.parametrize("header", ["bytes=768-", "bytes=5-4", "bytes=-0"])
def test_a_range_that_is_nowhere(header: str) -> None:
    response, body = asked(header)

    assert (response.status_code, body, response["Content-Range"]) == (416, b"", "bytes */768")


@given(st.text(max_size=20) | st.from_regex(r"bytes=\d{0,4}-\d{0,4}(,\d+-)?", fullmatch=True))
def test_whatever_is_asked_for_the_bytes_are_right(header: str) -> None:
    header = header.replace("\r", "").replace("\n", "")
    response, body = asked(header)

    assert response.status_code in (200, 206, 416)
    if response.status_code == 200:
        assert body == BODY
    if response.status_code == 206:
        first, last = map(int, response["Content-Range"].removeprefix("bytes ").removesuffix("/768").split("-"))
        assert body == BODY[first : last + 1]


def test_a_file_that_is_another_by_now_comes_whole() -> None:
    assert asked("bytes=0-1", **{"If-Range": '"ab12"'})[0].status_code == 206
    assert asked("bytes=0-1", **{"If-Range": '"other"'})[0].status_code == 200
