"""Published weight files by name: from a cache folder, else from the network, always with a checked hash."""

import hashlib
import logging
import os
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import IO

from boxwright.cache import cache_folder

BASE_URL = "https://download.pytorch.org/models/"
"""Where torchvision's files are. A file's name ends in a dash and the first digits of its SHA-256."""

TIMEOUT = 30.0
"""Seconds without an answer after which a download is given up."""

CHUNK = 1 << 20
LOGGED_SHARE = 10
"""Progress is logged that many times a file."""

logger = logging.getLogger(__name__)


def fetch(name: str) -> Path:
    """The local path of a published file, downloaded on first use.

    Args:
        name: file name with its hash, such as `resnet50-11ad3fa6.pth`.

    Raises:
        ValueError: the file, cached or downloaded, does not have the hash that its name states.
        ConnectionError: the file is not in the cache and cannot be downloaded.
        OSError: the cache folder cannot be written.
    """
    path = cache_folder("weights") / name
    if path.exists():
        check_hash(path, name)
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    logger.info("downloading %s%s to %s", BASE_URL, name, path)
    descriptor, partial = tempfile.mkstemp(prefix=f".{name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            _download(name, file, path)
            os.fsync(file.fileno())
        check_hash(Path(partial), name)
        os.replace(partial, path)
    finally:
        Path(partial).unlink(missing_ok=True)
    return path


def check_hash(path: Path, name: str) -> None:
    """Raise ValueError unless the SHA-256 of the file starts with the digits after the last dash of `name`."""
    expected = name.rpartition("-")[2].partition(".")[0]
    with open(path, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if not digest.startswith(expected):
        raise ValueError(
            f"{path.parent / name} must have a SHA-256 that starts with {expected}, got {digest[:16]}: "
            "it is damaged or another file; delete it if it is there, then run again"
        )


def _download(name: str, file: IO[bytes], path: Path) -> None:
    try:
        with urllib.request.urlopen(BASE_URL + name, timeout=TIMEOUT) as response:
            _check_length(_copy(response, file, name), response)
    except (urllib.error.URLError, HTTPException, TimeoutError, ConnectionError) as error:
        reason = getattr(error, "reason", None) or error
        if isinstance(error, urllib.error.HTTPError):
            error.close()
        raise ConnectionError(
            f"cannot download {BASE_URL}{name}: {reason}. Put the file at {path} by hand, or start from weights that "
            "are installed with Boxwright (backbone=efficientnet_lite0), or from none (pretrained_checkpoint_path=none)"
        ) from error


def _copy(response: HTTPResponse, file: IO[bytes], name: str) -> int:
    """Copy all that comes and return its length in bytes."""
    total = int(response.headers.get("Content-Length") or 0)
    done = logged = 0
    for chunk in _chunks(response):
        file.write(chunk)
        done += len(chunk)
        share = LOGGED_SHARE * done // total if total else 0
        if share > logged:
            logger.info("%s: %.0f of %.0f MB", name, done / 1e6, total / 1e6)
            logged = share
    return done


def _chunks(response: HTTPResponse) -> Iterator[bytes]:
    while chunk := response.read(CHUNK):
        yield chunk


def _check_length(received: int, response: HTTPResponse) -> None:
    stated = response.headers.get("Content-Length")
    if stated is not None and received != int(stated):
        raise ConnectionError(f"the connection ended after {received:,} of {int(stated):,} bytes")
