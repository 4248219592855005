"""Re-encode photos of unknown origin. Runs in the child process; only this module uses Pillow."""

from io import BytesIO

from PIL import Image, ImageOps

from agreements.documents.uploads.rules import MAX_PIXELS, Kind, Refusal, UnfitFileError

LONGEST = 3300
"""Pixels of the longer side of the result: a letter page at 300 dpi."""
FORMATS = {Kind.JPEG: "JPEG", Kind.PNG: "PNG"}
PAGE = 11.0
"""Inches of the longer side of the page with the photo."""

Image.MAX_IMAGE_PIXELS = None  # `draw` checks the size before decoding


def draw(body: bytes, kind: Kind) -> bytes:
    """Return a photo as a plain upright JPEG, without other content of the file such as place, time and thumbnails.

    Raises UnfitFileError, and any exception of Pillow for a broken file.
    """
    with Image.open(BytesIO(body), formats=[FORMATS[kind]]) as image:
        if image.width * image.height > MAX_PIXELS:
            raise UnfitFileError(Refusal.TOO_MANY_PIXELS)
        image.draft("RGB", (LONGEST, LONGEST))  # decodes a JPEG no larger than needed
        image.thumbnail((LONGEST, LONGEST))
        upright = ImageOps.exif_transpose(image)
        if upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info:
            white = Image.new("RGBA", upright.size, "white")
            upright = Image.alpha_composite(white, upright.convert("RGBA"))
        output = BytesIO()
        upright.convert("RGB").save(output, "JPEG", quality=85)
    return output.getvalue()


def page(picture: bytes) -> bytes:
    """Return a PDF of one page with the picture."""
    with Image.open(BytesIO(picture), formats=["JPEG"]) as image:
        output = BytesIO()
        image.save(output, "PDF", resolution=max(image.size) / PAGE, quality=85)
    return output.getvalue()
