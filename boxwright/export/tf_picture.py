"""`boxwright.imaging` in TensorFlow operations: encoded bytes to a canvas, pixel for pixel.

Functions take the imported `tensorflow` as `tf`; `boxwright.export.savedmodel` alone imports it. Rounding follows
OpenCV's: blocks of two by two round half up, larger ones half to even, and bilinear weights have 11 bits.
"""

from typing import Any

from boxwright.imaging import PAD_COLOUR

WEIGHT_BITS = 11


def letterboxed(tf: Any, encoded: Any, size: tuple[int, int]) -> tuple[Any, Any]:
    """One encoded picture (a string scalar) as `boxwright.imaging.decode` and `letterbox` give it.

    Returns:
        uint8 (height, width, 3) canvas and float32 (2,), the height and width of the whole stored picture in pixels
        of the canvas; they differ a little from the part that the picture fills where shrinking cut off a rest.
    """
    picture = decoded(tf, encoded)
    stored = tf.shape(picture)[:2]
    scale = tf.reduce_min(tf.constant(size, tf.float64) / tf.cast(stored, tf.float64))
    factor = tf.cast(1.0 / scale + 1e-6, tf.int32)
    factor = tf.minimum(tf.maximum(factor, 1), tf.reduce_min(stored))
    small = shrunk(tf, picture, factor)
    wanted = tf.cast(tf.cast(stored, tf.float64) * scale + 0.5, tf.int32)
    wanted = tf.minimum(tf.maximum(wanted, 1), tf.constant(size, tf.int32))
    covered = tf.shape(small)[:2]
    same = tf.reduce_all(tf.equal(covered, wanted))
    fitted = tf.cond(same, lambda: small, lambda: resized(tf, small, wanted))
    colour = tf.constant(PAD_COLOUR, tf.int32)
    room = tf.constant(size, tf.int32) - wanted
    canvas = tf.pad(fitted - colour, [[0, room[0]], [0, room[1]], [0, 0]]) + colour
    extent = tf.cast(wanted, tf.float64) * tf.cast(stored, tf.float64) / tf.cast(covered * factor, tf.float64)
    return tf.cast(tf.ensure_shape(canvas, (*size, 3)), tf.uint8), tf.cast(extent, tf.float32)


def decoded(tf: Any, encoded: Any) -> Any:
    """uint8 (H, W, 3) RGB of JPEG, PNG, GIF (first frame) or BMP bytes."""

    def jpeg() -> Any:
        return tf.io.decode_jpeg(encoded, channels=3, fancy_upscaling=True, dct_method="INTEGER_ACCURATE")

    def bitmap() -> Any:
        pixels = tf.io.decode_bmp(encoded, channels=0)
        return tf.cond(tf.shape(pixels)[2] < 3, lambda: _coloured(tf, encoded, pixels), lambda: pixels[..., :3])

    def other() -> Any:
        return tf.io.decode_image(encoded, channels=3, expand_animations=False)

    is_bitmap = tf.equal(tf.strings.substr(encoded, 0, 2), b"BM")
    picture = tf.cond(tf.io.is_jpeg(encoded), jpeg, lambda: tf.cond(is_bitmap, bitmap, other))
    return tf.ensure_shape(picture, (None, None, 3))


def _coloured(tf: Any, encoded: Any, pixels: Any) -> Any:
    """Colours of a bitmap of 8 bits a pixel; the decoder gives their numbers. The table ends where the pixels begin."""
    begin, header_size = (
        tf.io.decode_raw(tf.strings.substr(encoded, at, 4), tf.int32, little_endian=True)[0] for at in (10, 14)
    )
    table = tf.strings.substr(encoded, 14 + header_size, begin - 14 - header_size)
    colours = tf.reshape(tf.io.decode_raw(table, tf.uint8), [-1, 4])[:, 2::-1]
    return tf.gather(colours, tf.cast(pixels[..., 0], tf.int32))


def shrunk(tf: Any, picture: Any, factor: Any) -> Any:
    """int32 means of blocks of `factor` x `factor` pixels; see `boxwright.imaging.shrink`."""

    def means() -> Any:
        blocks = tf.shape(picture)[:2] // factor
        height, width = blocks[0], blocks[1]
        whole = tf.cast(picture[: height * factor, : width * factor], tf.int32)
        rows = tf.reduce_sum(tf.reshape(whole, [height, factor, -1]), axis=1)
        total = tf.reduce_sum(tf.reshape(rows, [height, width, factor, 3]), axis=2)
        even = tf.cast(tf.round(tf.cast(total, tf.float32) * (1.0 / tf.cast(factor * factor, tf.float32))), tf.int32)
        return tf.where(tf.equal(factor, 2), (total + 2) // 4, even)

    return tf.cond(factor < 2, lambda: tf.cast(picture, tf.int32), means)


def resized(tf: Any, picture: Any, size: Any) -> Any:
    """int32 (H, W, 3) bilinearly resized to the given (height, width), in the fixed-point steps of OpenCV."""
    top, bottom, upper, lower = _taps(tf, tf.shape(picture)[0], size[0], zero_outside=False)
    left, right, before, after = _taps(tf, tf.shape(picture)[1], size[1], zero_outside=True)
    across = tf.gather(picture, left, axis=1) * before[:, None] + tf.gather(picture, right, axis=1) * after[:, None]
    across = across // 16
    first = tf.gather(across, top) * upper[:, None, None] // 65536
    second = tf.gather(across, bottom) * lower[:, None, None] // 65536
    return (first + second + 2) // 4


def _taps(tf: Any, stored: Any, wanted: Any, *, zero_outside: bool) -> tuple[Any, Any, Any, Any]:
    """Indices of the two pixels of each result along one axis, and their weights times 2048.

    OpenCV gives the whole weight to the border pixel along rows, but shares it between two equal ones along columns.
    """
    scale = tf.cast(stored, tf.float64) / tf.cast(wanted, tf.float64)
    place = tf.cast((tf.cast(tf.range(wanted), tf.float64) + 0.5) * scale - 0.5, tf.float32)
    index = tf.cast(tf.floor(place), tf.int32)
    share = place - tf.floor(place)
    if zero_outside:
        share = tf.where((index < 0) | (index >= stored - 1), 0.0, share)
    weights = [tf.cast(tf.round(part * 2.0**WEIGHT_BITS), tf.int32) for part in (1.0 - share, share)]
    indices = [tf.clip_by_value(one, 0, stored - 1) for one in (index, index + 1)]
    return indices[0], indices[1], weights[0], weights[1]
