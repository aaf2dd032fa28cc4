"""From an encoded image to its pixels; ingest, training and the endpoint all read images by this.

What Pillow opens is limited to common formats, so that no plugin starts another program, and to
`max_pixels`, so that a small file cannot fill the memory. Every image becomes 8-bit grey or RGB:

- several frames (GIF, APNG, WebP, TIFF, MPO): the first one;
- EXIF orientation: applied, so width and height are those that a person sees;
- transparency: laid on white;
- palettes: their colours; CMYK, YCbCr and LAB: Pillow's plain formulas, without a colour profile;
- 16-bit grey: divided by 257, so that the full range stays the full range; 16-bit colour: its upper 8 bits;
- 32-bit integers beyond 16 bits and floating point: refused, since nothing says which range they have.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Literal

import numpy as np

from switchyard.errors import InputError

if TYPE_CHECKING:
    from PIL import Image

# Pillow warns of damaged tags, and of an image between its limit and twice that, which _check_size refuses.
warnings.filterwarnings("ignore", module=r"PIL\.")

Channels = Literal[1, 3]

# Pillow's names. Its JPEG plugin opens an MPO, too: a JPEG with more pictures behind the first, as cameras write it.
FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
_MAGIC = {b"\x89PNG": "PNG", b"\xff\xd8\xff": "JPEG", b"GIF8": "GIF", b"BM": "BMP", b"II*\0": "TIFF", b"MM\0*": "TIFF"}
# Pillow's own limit (a quarter of a gigabyte of RGB), at which it only warns: here it is an error.
MAX_PIXELS = 1024 * 1024 * 1024 // 4 // 3
# The transpositions that undo each EXIF orientation; CIPA DC-008 (Exif 2.32), tag 274.
_ORIENTATION = 274
_UPRIGHT = {
    2: "FLIP_LEFT_RIGHT",
    3: "ROTATE_180",
    4: "FLIP_TOP_BOTTOM",
    5: "TRANSPOSE",
    6: "ROTATE_270",
    7: "TRANSVERSE",
    8: "ROTATE_90",
}


class UnreadableImageError(InputError):
    """Bytes that cannot be used as an image; the message completes a sentence that begins with the image's name."""


@dataclass(frozen=True)
class Picture:
    """A decoded image.

    Attributes:
        image: Upright, all pixels read, in the file's own mode.
        format: One of `FORMATS`.
        mode: Pillow's name for the kind of pixels, such as L, RGB, RGBA, P, CMYK or I;16.
    """

    image: Image.Image
    format: str
    mode: str


def decode(
    data: bytes, channels: Channels, size: tuple[int, int] | None = None, *, max_pixels: int = MAX_PIXELS
) -> np.ndarray:
    """The pixels of an encoded image.

    Args:
        data: The bytes of the file.
        channels: 1 for grey (ITU-R 601 luma), 3 for RGB.
        size: Height and width to resize to, bilinear with antialiasing, without keeping the proportions;
            None: as it is.
        max_pixels: The largest product of width and height.

    Returns:
        uint8 of shape (H, W, channels).

    Raises:
        UnreadableImageError: The bytes are no image, a damaged one, too large, or of a kind that is not supported.
    """
    return pixels(read_picture(data, max_pixels), channels, size)


def read_picture(data: bytes, max_pixels: int = MAX_PIXELS) -> Picture:
    """Decode an image without changing its mode or size.

    Raises:
        UnreadableImageError: As in `decode`.
    """
    from PIL import Image, UnidentifiedImageError

    if not data:
        raise UnreadableImageError("is empty (0 bytes)")
    try:
        image = Image.open(BytesIO(data), formats=FORMATS)
        _check_size(image.width, image.height, max_pixels)
        image.load()
        upright = _upright(image)
    except UnreadableImageError:
        raise
    except UnidentifiedImageError:
        raise UnreadableImageError(_no_image(data)) from None
    except Image.DecompressionBombError:
        raise UnreadableImageError(f"has more pixels than the {max_pixels:,} that are allowed") from None
    except Exception as error:  # Pillow's plugins raise whatever damaged bytes lead them to
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UnreadableImageError(f"is damaged or cut short ({reason})") from error
    return Picture(upright, "JPEG" if image.format == "MPO" else str(image.format), image.mode)


def pixels(picture: Picture, channels: Channels, size: tuple[int, int] | None = None) -> np.ndarray:
    """The pixels of a decoded image; arguments, result and errors as those of `decode`."""
    from PIL import Image

    image = _eight_bit(picture.image).convert("L" if channels == 1 else "RGB")
    if size is not None and (image.height, image.width) != size:
        image = image.resize((size[1], size[0]), Image.Resampling.BILINEAR)
    return np.asarray(image, np.uint8).reshape(image.height, image.width, channels)


def _check_size(width: int, height: int, max_pixels: int) -> None:
    if not width or not height:
        raise UnreadableImageError(f"has no pixels ({width}×{height})")
    if width * height > max_pixels:
        raise UnreadableImageError(
            f"has {width:,}×{height:,} pixels, which are {width * height:,}, and at most {max_pixels:,} are allowed"
        )


def _no_image(data: bytes) -> str:
    kind = next((kind for magic, kind in _MAGIC.items() if data.startswith(magic)), None)
    if kind:
        return f"begins as a {kind} does, but its header is damaged, or says that it has no pixels"
    start = data[:12].decode("ascii", "replace")
    return f"is no image of a known format ({', '.join(FORMATS)}): it begins with {start!r}"


def _upright(image: Image.Image) -> Image.Image:
    from PIL import Image

    try:
        orientation = image.getexif().get(_ORIENTATION)
    except Exception:  # metadata that cannot be read says nothing about the pixels
        return image
    turn = _UPRIGHT.get(orientation) if isinstance(orientation, int) else None
    return image.transpose(Image.Transpose[turn]) if turn else image


def _eight_bit(image: Image.Image) -> Image.Image:
    """The image with 8 opaque bits a channel."""
    from PIL import Image

    if image.mode == "F":
        raise UnreadableImageError("has floating-point pixels, whose range nothing tells: save it with 8 or 16 bits")
    if image.mode.startswith("I"):
        values = np.asarray(image)
        if values.min() < 0 or values.max() > 65_535:
            raise UnreadableImageError("has 32-bit pixels, whose range nothing tells: save it with 8 or 16 bits")
        return Image.fromarray(np.round(values / 257).astype(np.uint8))
    if image.has_transparency_data:
        over = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", over.size, "white"), over).convert("RGB")
    return image if image.mode in ("L", "RGB") else image.convert("L" if image.mode == "1" else "RGB")
