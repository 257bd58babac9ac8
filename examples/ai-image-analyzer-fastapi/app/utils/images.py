"""Decoding what a stranger sent, within limits."""

from io import BytesIO

from PIL import Image, UnidentifiedImageError

from app.core.errors import TooLargeError, UnreadableImageError, UnsupportedTypeError

# Pillow can read far more, some of it through external programs or seldom-tested decoders.
FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF")


def open_image(data: bytes, max_pixels: int) -> Image.Image:
    """Read the header of an image; its pixels are decoded by `to_rgb`.

    Raises UnsupportedTypeError for a known format that is not in FORMATS, UnreadableImageError
    for bytes that are no image, TooLargeError when it would decode to more than `max_pixels`.
    """
    try:
        image = Image.open(BytesIO(data), formats=FORMATS)
    except UnidentifiedImageError:
        if _is_other_format(data):
            raise UnsupportedTypeError(f"only {', '.join(FORMATS)} are read here") from None
        raise UnreadableImageError("the body is not an image") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise TooLargeError(str(error)) from None
    except (OSError, SyntaxError, ValueError) as error:  # all three come from damaged headers
        raise UnreadableImageError(f"the image is damaged: {error}") from None
    if image.width * image.height > max_pixels:
        raise TooLargeError(f"the image has {image.width} x {image.height} pixels; {max_pixels} are allowed")
    return image


def to_rgb(image: Image.Image) -> Image.Image:
    """Decode the first frame as RGB. Raises UnreadableImageError when the data is damaged."""
    try:
        return image.convert("RGB")
    except (OSError, SyntaxError, ValueError) as error:
        raise UnreadableImageError(f"the image is damaged: {error}") from None


def _is_other_format(data: bytes) -> bool:
    """Whether Pillow knows the bytes as a format that is not offered (headers only, nothing decoded)."""
    try:
        Image.open(BytesIO(data)).close()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        return False
    return True
