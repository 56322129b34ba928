import io

import numpy as np
from PIL import Image

from boxwright.dataset.draw import draw_shapes
from boxwright.dataset.duplicates import alike_groups, difference_hash, digest, equal_groups


def _png(grey: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(grey.astype(np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def test_digest_is_sha256():
    """The digest of "abc" is the example of FIPS 180-2, appendix B.1."""
    assert digest(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_equal_groups_keep_order_and_skip_none():
    assert equal_groups(["b", "a", None, "b", "c", "a", None, "b"]) == ((0, 3, 7), (1, 5))


def test_difference_hash_by_hand():
    """Brighter to the right everywhere: 64 ones. Only in the upper half: the first 32 bits."""
    rising = np.repeat(np.linspace(0, 255, 144)[None], 128, 0)
    assert difference_hash(_png(rising)) == 2**64 - 1
    half = rising.copy()
    half[64:] = rising[64:, ::-1]
    assert difference_hash(_png(half)) == 2**64 - 2**32


def test_a_plain_picture_has_no_hash():
    assert difference_hash(_png(np.full((64, 64), 90))) is None


def test_alike_up_to_three_bits_and_through_others():
    base = 0x123456789ABCDEF0
    three, six, four = base ^ 0b111, base ^ 0b111_111, base ^ (0b1111 << 40)
    assert alike_groups([base, None, three, 5, None, four]) == ((0, 2),)
    assert alike_groups([base, six]) == ()
    assert alike_groups([base, six, three]) == ((0, 1, 2),)


def test_bits_spread_over_all_bands_are_still_found():
    base = 0x0F0F0F0F0F0F0F0F
    assert alike_groups([base, base ^ (1 | 1 << 16 | 1 << 48)]) == ((0, 1),)


def test_a_smaller_copy_is_alike_and_other_pictures_are_not():
    pictures = [one.encoded for one in draw_shapes(12)]
    buffer = io.BytesIO()
    Image.open(io.BytesIO(pictures[3])).resize((200, 150)).save(buffer, "JPEG", quality=60)
    assert alike_groups([difference_hash(one) for one in [*pictures, buffer.getvalue()]]) == ((3, 12),)
