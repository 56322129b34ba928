"""The checksum of TFRecord files: CRC32C (Castagnoli polynomial), masked."""

import google_crc32c

_MASK_DELTA = 0xA282EAD8


def masked(data: bytes) -> int:
    """The CRC32C of `data`, rotated right by 15 bits and shifted by a constant, as an unsigned 32-bit number.

    Masking keeps the checksum of data that itself holds checksums from degenerating; the formula is the one in
    TensorFlow's `core/lib/hash/crc32c.h`.
    """
    crc = int(google_crc32c.value(data))
    return (((crc >> 15) | (crc << 17)) + _MASK_DELTA) & 0xFFFFFFFF
