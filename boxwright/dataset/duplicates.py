"""Pictures that occur more than once: byte for byte, or alike but for size and compression."""

import hashlib
from collections import defaultdict
from collections.abc import Hashable, Sequence

import cv2
import numpy as np

HASH_BITS = 64
MOST_DIFFERING_BITS = 3
"""Alike pictures differ in at most so many of the 64 bits; with four bands of 16 bits, one band is then equal."""

BANDS = 4


def digest(encoded: bytes) -> str:
    """SHA-256 of a picture's bytes, as hexadecimal text."""
    return hashlib.sha256(encoded).hexdigest()


def difference_hash(encoded: bytes) -> int | None:
    """dHash: 64 bits that tell, on a grey picture of 9 x 8, whether each pixel is darker than its right neighbour.

    Returns:
        the hash, or None for a picture without structure (or that OpenCV cannot read), which would be like any other.
    """
    flags = cv2.IMREAD_REDUCED_GRAYSCALE_2 | cv2.IMREAD_IGNORE_ORIENTATION
    grey = cv2.imdecode(np.frombuffer(encoded, np.uint8), flags)
    if grey is None:
        return None
    small = cv2.resize(grey, (9, 8), interpolation=cv2.INTER_AREA).astype(np.int16)
    bits = small[:, 1:] > small[:, :-1]
    value = int.from_bytes(np.packbits(bits).tobytes(), "big")
    return value or None


def equal_groups(keys: Sequence[Hashable]) -> tuple[tuple[int, ...], ...]:
    """Places of keys that occur more than once, grouped, in order of their first place; None equals nothing."""
    places: dict[Hashable, list[int]] = defaultdict(list)
    for index, key in enumerate(keys):
        if key is not None:
            places[key].append(index)
    return tuple(tuple(group) for group in places.values() if len(group) > 1)


def alike_groups(hashes: Sequence[int | None]) -> tuple[tuple[int, ...], ...]:
    """Places of hashes that differ in at most `MOST_DIFFERING_BITS` bits, directly or through others, grouped."""
    known = sorted({value for value in hashes if value is not None})
    leader = {value: value for value in known}
    for low, high in _close_pairs(known):
        _join(leader, low, high)
    return equal_groups([None if value is None else _leader(leader, value) for value in hashes])


def _close_pairs(known: Sequence[int]) -> list[tuple[int, int]]:
    buckets: dict[tuple[int, int], list[int]] = defaultdict(list)
    for value in known:
        for band in range(BANDS):
            buckets[band, value >> (16 * band) & 0xFFFF].append(value)
    return [pair for bucket in buckets.values() if len(bucket) > 1 for pair in _close_in(bucket)]


def _close_in(bucket: Sequence[int]) -> list[tuple[int, int]]:
    values = np.array(bucket, np.uint64)
    pairs = []
    for place, value in enumerate(values[:-1]):
        near = np.bitwise_count(values[place + 1 :] ^ value) <= MOST_DIFFERING_BITS
        pairs += [(bucket[place], bucket[place + 1 + int(other)]) for other in np.flatnonzero(near)]
    return pairs


def _leader(leader: dict[int, int], value: int) -> int:
    while leader[value] != value:
        leader[value] = leader[leader[value]]
        value = leader[value]
    return value


def _join(leader: dict[int, int], one: int, other: int) -> None:
    leader[_leader(leader, one)] = _leader(leader, other)
