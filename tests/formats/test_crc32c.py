import pytest

from boxwright.formats.crc32c import masked


@pytest.mark.parametrize(
    ("data", "crc"),
    [
        # RFC 3720, B.4: 32 bytes of zeroes, of ones, rising; and the usual check value of the polynomial.
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (b"123456789", 0xE3069283),
    ],
)
def test_unmasked_it_is_the_published_checksum(data: bytes, crc: int) -> None:
    rotated = (masked(data) - 0xA282EAD8) & 0xFFFFFFFF
    assert ((rotated << 15) | (rotated >> 17)) & 0xFFFFFFFF == crc
