"""Photos of unknown origin, drawn anew; Pillow lives here only. Runs in the child."""

from io import BytesIO

from PIL import Image, ImageOps

from agreements.documents.uploads.rules import MAX_PIXELS, Kind, Refusal, UnfitFileError

LONGEST = 3300
"""Pixels of the longer side of what is drawn: a letter page at 300 a inch."""
FORMATS = {Kind.JPEG: "JPEG", Kind.PNG: "PNG"}
PAGE = 11.0
"""Inches of the longer side of the page that a photo is laid on."""

Image.MAX_IMAGE_PIXELS = None  # `draw` asks, before a picture is drawn


def draw(body: bytes, kind: Kind) -> bytes:
    """The picture of a photo as a plain JPEG, upright, without what else was in the file: place, time, other pictures.

    Raises Unfit, and whatever Pillow raises for a file that is broken.
    """
    with Image.open(BytesIO(body), formats=[FORMATS[kind]]) as image:
        if image.width * image.height > MAX_PIXELS:
            raise UnfitFileError(Refusal.TOO_MANY_PIXELS)
        image.draft("RGB", (LONGEST, LONGEST))  # a JPEG is read no larger than needed
        image.thumbnail((LONGEST, LONGEST))
        upright = ImageOps.exif_transpose(image)
        if upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info:
            white = Image.new("RGBA", upright.size, "white")
            upright = Image.alpha_composite(white, upright.convert("RGBA"))
        output = BytesIO()
        upright.convert("RGB").save(output, "JPEG", quality=85)
    return output.getvalue()


def page(picture: bytes) -> bytes:
    """A PDF of one page that is the picture."""
    with Image.open(BytesIO(picture), formats=["JPEG"]) as image:
        output = BytesIO()
        image.save(output, "PDF", resolution=max(image.size) / PAGE, quality=85)
    return output.getvalue()
