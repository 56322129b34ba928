"""Expected pixels are those of Pillow or of hand calculation."""

import io
import resource
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from boxwright import imaging
from boxwright.imaging import PAD_COLOUR, Placement, check_whole, decode, header, letterbox, shrink, shrink_factor

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


def encode(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def noise(height: int, width: int) -> Any:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)


def png(width: int, height: int) -> bytes:
    """A PNG that states a size and holds one row of zeros."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    start = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(bytes(1 + 3 * min(width, 1000))))
    return b"\x89PNG\r\n\x1a\n" + start + pixels + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", ["PNG", "BMP"])
def test_lossless_pictures_keep_their_pixels(kind: str) -> None:
    pixels = noise(7, 9)
    encoded = encode(Image.fromarray(pixels), kind)
    np.testing.assert_array_equal(decode(encoded), pixels)
    assert header(encoded) == imaging.PictureHeader(kind, 9, 7, 1)


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0}, {"quality": 30}])
def test_jpeg_gives_the_pixels_of_pillow(options: Any) -> None:
    smooth = Image.fromarray(noise(8, 10)).resize((101, 77), Image.Resampling.BICUBIC)
    encoded = encode(smooth, "JPEG", **options)
    expected = np.array(Image.open(io.BytesIO(encoded)).convert("RGB"))
    assert np.abs(decode(encoded).astype(int) - expected).max() <= 1


@pytest.mark.parametrize(
    ("folder", "size"), [("bccd", (480, 640)), ("coco128", None)], ids=["blood cells", "everyday scenes"]
)
def test_photographs_give_the_pixels_of_pillow(folder: str, size: Any) -> None:
    files = sorted((DATA / folder).rglob("*.jpg"))[:4]
    if not files:
        pytest.skip(f"needs the photographs of ../shared/data/{folder}")
    for file in files:
        picture = decode(file.read_bytes())
        assert size is None or picture.shape == (*size, 3)
        with Image.open(file) as image:
            assert np.abs(picture.astype(int) - np.array(image.convert("RGB"))).max() <= 1


@pytest.mark.parametrize(
    ("mode", "colour", "kind", "expected"),
    [
        ("L", 77, "JPEG", (77, 77, 77)),
        ("L", 77, "PNG", (77, 77, 77)),
        ("1", 1, "PNG", (255, 255, 255)),
        ("1", 1, "BMP", (255, 255, 255)),
        ("LA", (90, 10), "PNG", (90, 90, 90)),
        ("RGBA", (10, 20, 30, 0), "PNG", (10, 20, 30)),
        ("I;16", 0x1234, "PNG", (0x12, 0x12, 0x12)),
        ("CMYK", (0, 255, 255, 0), "JPEG", (255, 0, 0)),
        ("CMYK", (51, 0, 0, 0), "JPEG", (204, 255, 255)),
        ("RGB", (1, 2, 3), "BMP", (1, 2, 3)),
    ],
)
def test_every_kind_of_pixel_becomes_rgb(mode: str, colour: Any, kind: str, expected: Any) -> None:
    picture = decode(encode(Image.new(mode, (9, 7), colour), kind))
    assert picture.shape == (7, 9, 3) and picture.dtype == np.uint8
    assert np.abs(picture.astype(int) - expected).max() <= (2 if kind == "JPEG" else 0)


def test_a_palette_is_looked_up() -> None:
    image = Image.new("P", (4, 3), 1)
    image.putpalette([0, 0, 0, 200, 100, 50])
    for kind in ("PNG", "GIF", "BMP"):
        assert (decode(encode(image, kind)) == (200, 100, 50)).all()


def test_the_first_frame_of_a_gif_counts() -> None:
    first, second = Image.new("RGB", (6, 5), (255, 0, 0)), Image.new("RGB", (6, 5), (0, 0, 255))
    assert (decode(encode(first, "GIF", save_all=True, append_images=[second])) == (255, 0, 0)).all()


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_rotation_in_exif_is_told_and_not_applied(kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    image = Image.new("RGB", (16, 8), (255, 255, 255))
    image.paste((0, 0, 0), (0, 0, 8, 8))
    encoded = encode(image, kind, exif=exif)
    assert header(encoded) == imaging.PictureHeader(kind, 16, 8, 6)
    picture = decode(encoded)
    assert picture.shape == (8, 16, 3)
    assert picture[:, :6].max() < 10 and picture[:, 10:].min() > 245


def test_the_content_counts_and_not_the_name() -> None:
    assert header(encode(Image.new("RGB", (3, 2)), "PNG")).format == "PNG"


@pytest.mark.parametrize("encoded", [b"", b"no picture", b"\xff\xd8\xff\xe0", b"GIF89a", b"<svg/>"])
def test_what_is_no_picture_is_refused(encoded: bytes) -> None:
    for read in (header, decode):
        with pytest.raises(ValueError, match="not a readable JPEG, PNG, GIF or BMP picture"):
            read(encoded)


@pytest.mark.parametrize("kind", ["TIFF", "WEBP"])
def test_other_formats_are_refused(kind: str) -> None:
    with pytest.raises(ValueError, match="not a readable JPEG, PNG, GIF or BMP picture"):
        decode(encode(Image.new("RGB", (8, 8)), kind))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP"])
@pytest.mark.parametrize("share", [0.5, 0.9])
def test_truncated_pictures_are_refused(kind: str, share: float) -> None:
    encoded = encode(Image.fromarray(noise(64, 64)), kind)
    with pytest.raises(ValueError, match=f"cannot decode the {kind} picture: "):
        decode(encoded[: int(len(encoded) * share)])


def test_a_jpeg_with_zeros_after_its_end_is_whole() -> None:
    encoded = encode(Image.fromarray(noise(16, 16)), "JPEG")
    np.testing.assert_array_equal(decode(encoded + bytes(50)), decode(encoded))


@pytest.mark.parametrize(("width", "height"), [(40_000, 40_000), (10_001, 10_000), (2_000_000, 100)])
def test_huge_pictures_are_refused_before_they_take_memory(width: int, height: int) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for read in (header, decode):
        with pytest.raises(ValueError, match="100,000,000"):
            read(png(width, height))
    # In KiB; the pixels of the smallest would take 300 MB.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000


def test_the_largest_accepted_picture_is_read_without_a_warning() -> None:
    assert header(png(10_000, 10_000)) == imaging.PictureHeader("PNG", 10_000, 10_000, 1)


def test_shrinking_takes_exact_means_of_blocks() -> None:
    picture = noise(7, 11)
    blocks = picture[:6, :9].reshape(2, 3, 3, 3, 3).astype(float).mean((1, 3))
    assert np.abs(shrink(picture, 3) - blocks).max() <= 0.5
    halves = picture[:6, :10].reshape(3, 2, 5, 2, 3).astype(float).mean((1, 3))
    assert np.abs(shrink(picture, 2) - halves).max() <= 0.5


def test_a_factor_of_one_shrinks_nothing() -> None:
    picture = noise(3, 5)
    assert shrink(picture, 1) is picture


@pytest.mark.parametrize(
    ("scale", "factor"), [(2.0, 1), (1.0, 1), (0.51, 1), (0.5, 2), (1 / 3, 3), (0.34, 2), (0.1, 10), (0.11, 9)]
)
def test_factors_by_hand(scale: float, factor: int) -> None:
    assert shrink_factor(scale) == factor


@pytest.mark.parametrize(
    ("stored", "canvas", "extent", "scales"),
    [
        # (height, width): of the picture, of the canvas, of the picture on the canvas; x and y scale
        ((480, 640), (320, 320), (240, 320), (0.5, 0.5)),
        ((640, 480), (320, 320), (320, 240), (0.5, 0.5)),
        ((100, 100), (320, 320), (320, 320), (3.2, 3.2)),
        ((320, 320), (320, 320), (320, 320), (1.0, 1.0)),
        # 75 * 64 / 101 = 47.52 rows are rounded to 48.
        ((75, 101), (64, 64), (48, 64), (64 / 101, 48 / 75)),
        # Shrunk by 3 to 33 x 66, so that 1 row and 2 columns are cut off; 100 * 0.32 = 32 rows.
        ((100, 200), (64, 64), (32, 64), (64 / 198, 32 / 99)),
        ((1, 1000), (10, 10), (1, 10), (0.01, 1.0)),
    ],
)
def test_pictures_fit_their_canvas(stored: Any, canvas: Any, extent: Any, scales: Any) -> None:
    drawn, placement = letterbox(np.full((*stored, 3), 200, np.uint8), canvas)
    assert drawn.shape == (*canvas, 3) and drawn.dtype == np.uint8
    assert (drawn[: extent[0], : extent[1]] == 200).all()
    assert (drawn[extent[0] :] == PAD_COLOUR).all() and (drawn[:, extent[1] :] == PAD_COLOUR).all()
    assert (placement.scale_x, placement.scale_y) == pytest.approx(scales)


def test_what_fits_keeps_its_pixels() -> None:
    picture = noise(20, 30)
    np.testing.assert_array_equal(letterbox(picture, (20, 40))[0][:, :30], picture)


def test_the_rest_is_linear_with_half_pixel_centres() -> None:
    picture = np.zeros((2, 2, 3), np.uint8)
    picture[:, 1] = 200
    # Columns at (x + 0.5) / 2 - 0.5 = -0.25, 0.25, 0.75, 1.25.
    assert letterbox(picture, (4, 4))[0][0, :, 0].tolist() == [0, 50, 150, 200]


def test_boxes_go_to_the_canvas_and_back() -> None:
    placement = Placement(0.5, 2.0)
    boxes = np.array([[10, 20, 30, 40]], np.float32)
    on_canvas = placement.to_canvas(boxes)
    assert on_canvas.dtype == np.float32 and on_canvas.tolist() == [[5, 40, 15, 80]]
    np.testing.assert_array_equal(placement.to_picture(on_canvas), boxes)


def damaged(encoded: bytes, how: str) -> bytes:
    middle = len(encoded) // 2
    if how == "missing":
        return encoded[:middle] + encoded[middle + 400 :]
    if how == "zeros":
        return encoded[:middle] + bytes(400) + encoded[middle + 400 :]
    if how == "marker":
        return encoded[:middle] + b"\xff\xc0" * 20 + encoded[middle + 40 :]
    return encoded[:middle] + encoded[-2:]


def is_damaged(encoded: bytes) -> bool:
    """Whether a picture is refused as damaged."""
    try:
        check_whole(encoded)
    except ValueError:
        return True
    return False


@pytest.mark.parametrize("how", ["missing", "zeros", "marker", "cut"])
def test_damage_inside_a_jpeg_is_found(how: str) -> None:
    smooth = Image.fromarray(noise(40, 50)).resize((200, 160), Image.Resampling.BICUBIC)
    encoded = encode(smooth, "JPEG")
    assert not is_damaged(encoded)
    with pytest.raises(ValueError, match="the JPEG picture is damaged: "):
        check_whole(damaged(encoded, how))


@pytest.mark.parametrize(
    "options", [{"progressive": True}, {"subsampling": 0}, {"quality": 10}, {"exif": Image.Exif()}]
)
def test_whole_jpegs_are_not_found_damaged(options: Any) -> None:
    whole = [encode(Image.fromarray(noise(side, side)), "JPEG", **options) for side in (1, 8, 9, 100)]
    found = [is_damaged(encoded) for encoded in (*whole, encode(Image.fromarray(noise(9, 9)), "PNG"))]
    assert found == [False] * 5


def test_photographs_are_not_found_damaged() -> None:
    files = sorted((DATA / "coco128").rglob("*.jpg"))[:40]
    if not files:
        pytest.skip("needs the photographs of ../shared/data/coco128")
    assert [file.name for file in files if is_damaged(file.read_bytes())] == []


@pytest.mark.parametrize(
    ("mode", "kind", "channels"),
    [
        ("L", "JPEG", 1),
        ("1", "PNG", 1),
        ("I;16", "PNG", 1),
        ("LA", "PNG", 2),
        ("RGB", "JPEG", 3),
        ("P", "PNG", 3),
        ("RGBA", "PNG", 4),
        ("CMYK", "JPEG", 4),
    ],
)
def test_channels_are_told(mode: str, kind: str, channels: int) -> None:
    assert header(encode(Image.new(mode, (16, 8)), kind)).channels == channels
