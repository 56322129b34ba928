"""What files hold."""

from typing import BinaryIO, cast

from boxwright.files.access import local, remote
from boxwright.files.paths import is_local
from boxwright.store_faults import PastEnd


def open_binary(path: str) -> BinaryIO:
    """Open for reading and seeking. Raises: FileNotFoundError and other OSError."""
    if is_local(path):
        return open(local(path), "rb", buffering=0)
    system, inner = remote(path)
    return cast(BinaryIO, system.open(inner, "rb"))


def read_bytes(path: str) -> bytes:
    """The whole file. Raises: FileNotFoundError and other OSError."""
    if is_local(path):
        with open(local(path), "rb") as file:
            return file.read()
    return read_range(path, 0, None)


def read_text(path: str) -> str:
    """The whole file as UTF-8 text, without a byte order mark.

    Raises:
        ValueError: not UTF-8.
        OSError: not there or not readable.
    """
    try:
        return read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: expected UTF-8 text: {error}; save the file as UTF-8") from error


def read_range(path: str, start: int, length: int | None) -> bytes:
    """`length` bytes from byte `start`, or all from there on; fewer where the file ends. Raises: OSError."""
    if not is_local(path):
        system, inner = remote(path)
        try:  # with a start, clients ask for the bytes at once; without one, some ask for the size first
            return bytes(system.cat_file(inner, start=start, end=None if length is None else start + length))
        except PastEnd:
            return b""
    with open(local(path), "rb", buffering=0) as file:
        file.seek(start)
        data = file.read(-1 if length is None else length)
        while data and length and len(data) < length and (more := file.read(length - len(data))):
            data += more
        return data
