"""Every kind of file that calls itself an image: its pixels, or one clear reason why there are none."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from switchyard.model.decoding import UnreadableImageError, decode, read_picture
from tests.fixtures.images import encoded, picture


def solid(mode: str, colour, kind: str = "PNG", **options) -> bytes:
    return encoded(Image.new(mode, (5, 3), colour), kind, **options)


def reason(content: bytes, **options) -> str:
    with pytest.raises(UnreadableImageError) as caught:
        decode(content, 3, **options)
    return str(caught.value)


@pytest.mark.parametrize(
    ("content", "colour"),
    [
        (solid("1", 1), (255, 255, 255)),
        (solid("L", 77), (77, 77, 77)),
        (solid("RGB", (10, 20, 30)), (10, 20, 30)),
        (solid("LA", (77, 0)), (255, 255, 255)),
        (solid("RGBA", (10, 20, 30, 0)), (255, 255, 255)),
        (solid("RGBA", (0, 0, 0, 128)), (127, 127, 127)),
        (solid("CMYK", (255, 0, 0, 0), "TIFF"), (0, 255, 255)),
        (solid("I;16", 65_535), (255, 255, 255)),
        (solid("I;16", 257 * 9), (9, 9, 9)),
        (solid("I", 257 * 9, "TIFF"), (9, 9, 9)),
    ],
    ids=["bits", "grey", "rgb", "transparent grey", "transparent", "half", "cmyk", "16 full", "16", "32 as 16"],
)
def test_each_mode_becomes_8_bit_rgb(content, colour):
    pixels = decode(content, 3)

    assert (pixels.shape, pixels.dtype) == ((3, 5, 3), np.uint8)
    assert (pixels == colour).all()


def test_transparency_of_a_palette_and_of_one_colour_is_laid_on_white():
    palette = Image.new("P", (5, 3), 0)
    palette.putpalette([200, 0, 0])
    assert (decode(encoded(palette, transparency=0), 3) == 255).all()
    assert (decode(encoded(palette), 3) == (200, 0, 0)).all()
    assert (decode(solid("RGB", (1, 2, 3), transparency=(1, 2, 3)), 3) == 255).all()


def test_a_cmyk_jpeg_has_its_colours():
    pixels = decode(encoded(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG", quality=95), 3)

    assert np.abs(pixels.astype(int) - (255, 0, 0)).max() < 12


def test_one_channel_is_the_luma_of_three():
    pixels = decode(solid("RGB", (100, 150, 200)), 1)

    assert pixels.shape == (3, 5, 1)
    assert (pixels == round(0.299 * 100 + 0.587 * 150 + 0.114 * 200)).all()


def test_size_is_height_and_width():
    assert decode(encoded(picture(1, size=(40, 20))), 3).shape == (20, 40, 3)
    assert decode(encoded(picture(1, size=(40, 20))), 3, (7, 9)).shape == (7, 9, 3)


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF"])
def test_of_several_frames_the_first_counts(kind):
    frames = [Image.new("RGB", (8, 6), colour) for colour in ("white", "black", "red")]
    content = encoded(frames[0], kind, save_all=True, append_images=frames[1:])

    assert (decode(content, 3) > 250).all()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_camera_gives_an_upright_image(orientation):
    upright = picture(3, size=(24, 16))
    # What the camera stores, so that the turn of this orientation undoes it; CIPA DC-008, tag 274.
    stored = {
        1: lambda image: image,
        2: lambda image: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
        3: lambda image: image.transpose(Image.Transpose.ROTATE_180),
        4: lambda image: image.transpose(Image.Transpose.FLIP_TOP_BOTTOM),
        5: lambda image: image.transpose(Image.Transpose.TRANSPOSE),
        6: lambda image: image.transpose(Image.Transpose.ROTATE_90),
        7: lambda image: image.transpose(Image.Transpose.TRANSVERSE),
        8: lambda image: image.transpose(Image.Transpose.ROTATE_270),
    }[orientation](upright)
    exif = Image.Exif()
    exif[274] = orientation

    assert (decode(encoded(stored, exif=exif), 3) == np.asarray(upright)).all()


def test_exif_that_cannot_be_read_changes_nothing():
    content = encoded(picture(1), "JPEG", exif=b"Exif\x00\x00MM\x00*\xff\xff\xff\xff")

    assert decode(content, 3).shape == (16, 24, 3)


def empty_png() -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 0, 0, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("content", "fragment"),
    [
        (b"", "is empty (0 bytes)"),
        (b"These are my notes.\n", "is no image of a known format (BMP, GIF, JPEG, PNG, PPM, TIFF, WEBP): it begins"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", "is no image of a known format"),
        (encoded(picture(1, (64, 64)), "JPEG")[:700], "is damaged or cut short (image file is truncated"),
        (encoded(picture(1, (64, 64)))[:700], "is damaged or cut short"),
        (encoded(picture(1))[:20], "is damaged or cut short"),
        (empty_png(), "begins as a PNG does, but its header is damaged, or says that it has no pixels"),
        (solid("F", 0.5, "TIFF"), "has floating-point pixels"),
        (solid("I", 70_000, "TIFF"), "has 32-bit pixels"),
    ],
    ids=["nothing", "text", "postscript", "half a jpeg", "half a png", "head", "0×0", "float", "32 bit"],
)
def test_what_cannot_be_read_says_why(content, fragment):
    assert fragment in reason(content)


@pytest.mark.filterwarnings("ignore:Image size")
def test_a_small_file_of_very_many_pixels_is_never_unpacked(monkeypatch):
    huge = encoded(Image.new("1", (20_000, 20_000)))
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda self: pytest.fail("it was unpacked"))

    assert len(huge) < 100_000
    assert reason(huge) == "has more pixels than the 89,478,485 that are allowed"
    assert reason(encoded(Image.new("1", (10_000, 9_000)))) == (
        "has 10,000×9,000 pixels, which are 90,000,000, and at most 89,478,485 are allowed"
    )


def test_the_limit_on_pixels_is_the_product_of_the_sides():
    content = encoded(picture(1, (24, 16)))

    assert decode(content, 3, max_pixels=24 * 16).shape == (16, 24, 3)
    assert "has 24×16 pixels, which are 384, and at most 383 are allowed" in reason(content, max_pixels=383)


@pytest.mark.filterwarnings("ignore")
def test_any_damage_to_a_file_is_one_reason_and_no_crash():
    random = np.random.default_rng(0)
    for kind in ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM"):
        whole = np.frombuffer(encoded(picture(1), kind), np.uint8)
        for _ in range(40):
            broken = whole.copy()
            broken[random.integers(0, len(broken), 8)] = random.integers(0, 256, 8)
            try:
                decode(broken.tobytes(), 3)
            except UnreadableImageError as error:
                assert "\n" not in str(error)


def test_format_and_mode_are_those_of_the_file():
    found = read_picture(encoded(picture(1, mode="P"), "GIF"))
    assert (found.format, found.mode) == ("GIF", "P")

    several = io.BytesIO()
    picture(1).save(several, "MPO", save_all=True, append_images=[picture(2)])
    found = read_picture(several.getvalue())
    assert (found.format, found.image.size) == ("JPEG", (24, 16))
