"""The one door to fsspec: file systems behind URLs, whose errors say what is wrong with a store and what to do.

A store that is away is found out within `LIMIT` seconds: the first contact with a bucket is one small request, and it
is made again now and again, unless this process is to be patient.
"""

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

from boxwright.store_faults import EXTRAS, BucketMissing, StoreAway, StoreDenied, endpoint, in_words, is_denied

LIMIT = 12.0
"""Seconds for the first contact with a bucket."""

BELIEVED = 30.0
"""Seconds for which a bucket that has answered is taken to answer."""

REMEMBERED = 5.0
"""Seconds for which others that ask for a bucket are told at once that it has not answered."""

BRIEF: dict[str, Any] = {"connect_timeout": 4, "read_timeout": 5, "retries": {"max_attempts": 0}}
PATIENT: dict[str, Any] = {"connect_timeout": 10, "read_timeout": 60, "retries": {"max_attempts": 2}}
"""Settings of botocore, in seconds; s3fs makes more attempts by itself."""

CONNECTIONS = 50
"""To one S3 endpoint, of one process."""

ATTEMPTS = {False: 3, True: 6}
"""Of s3fs at a request, by whether this process is patient."""


@dataclass
class _Contact:
    """What is known of a bucket: when it was asked last, by `time.monotonic`, and what was wrong then."""

    asked: float = float("-inf")
    fault: OSError | ImportError | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


_contacts: dict[str, _Contact] = {}
_patient = False
_answered, _counting = 0, threading.Lock()


def be_patient() -> None:
    """From now on, in this process, a store that has answered once is waited for: for work that nobody watches."""
    global _patient
    _patient = True


def answered() -> int:
    """How many requests stores have answered to this process so far: it tells of work whose size is not known yet."""
    return _answered


def is_store(path: str) -> bool:
    """True for a URL of an object store."""
    return path.partition("://")[0] in EXTRAS and "://" in path


def bucket_of(path: str) -> str:
    """The bucket of an object store's URL, as a URL."""
    scheme, _, inner = path.partition("://")
    return f"{scheme}://{inner.partition('/')[0]}"


def opened(path: str) -> tuple["Store", str]:
    """The file system that a URL names, and the path in it.

    Raises:
        ImportError: its client is not installed.
        StoreAway, PermissionError: the store does not answer, or there are no credentials for it.
    """
    if not is_store(path):
        system, inner = _told(path, lambda: _system(path))
        return Store(system, path), inner
    bucket = bucket_of(path)
    if bucket.endswith("/"):
        raise BucketMissing(f"{path!r} names no bucket; write {bucket}BUCKET/FOLDER")
    contact = _contacts.setdefault(bucket, _Contact())
    with contact.lock:
        if _is_old(contact):
            contact.fault = _contact_fault(bucket)
            contact.asked = time.monotonic()
        if contact.fault:
            raise type(contact.fault)(*contact.fault.args)  # its own for each who asks
    system, inner = _told(path, lambda: _system(path))
    return Store(system, path), inner


def _is_old(contact: _Contact) -> bool:
    age = time.monotonic() - contact.asked
    if contact.fault:
        return age > REMEMBERED
    return age > BELIEVED and not (_patient and contact.asked > 0)


class Store:
    """A file system of fsspec, one path of which is being worked on; its methods raise errors that people understand.

    Args:
        path: the URL, for messages.
    """

    def __init__(self, system: Any, path: str) -> None:
        self._system, self._path = system, path

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._system, name)
        return lambda *args, **options: self._call(lambda: method(*args, **options))

    def _call(self, work: Callable[[], Any]) -> Any:
        global _answered
        found = _told(self._path, work)
        with _counting:
            _answered += 1
        return found


def _system(path: str) -> tuple[Any, str]:
    import fsspec  # a tenth of a worker's start, which local paths do without

    scheme = path.partition("://")[0]
    options: dict[str, Any] = {}
    if scheme in EXTRAS:
        # A listing that is kept is never looked at again: other processes write there, too.
        options["use_listings_cache"] = False
    if EXTRAS.get(scheme) == "s3":
        given = fsspec.config.conf.get(scheme, {}).get("config_kwargs", {})
        settings = {"max_pool_connections": CONNECTIONS, **(PATIENT if _patient else BRIEF), **given}
        options["config_kwargs"] = settings
    if EXTRAS.get(scheme) == "gs":  # else gcsfs asks at every path for a kind of bucket that hardly anybody has
        os.environ.setdefault("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false")
    system, inner = cast(tuple[Any, str], fsspec.core.url_to_fs(path, **options))
    if EXTRAS.get(scheme) == "s3":
        system.retries = ATTEMPTS[_patient]
    return system, inner


def _contact_fault(bucket: str) -> OSError | ImportError | None:
    """Asks for a bucket, and says what is wrong; nothing where it answers, if only to deny."""
    faults = list[Exception | None]()

    def ask() -> None:
        try:
            system, inner = _system(bucket)
            if inner:
                system.info(inner)
            faults.append(None)
        except Exception as error:  # all that clients raise, which is told apart below
            faults.append(error)

    thread = threading.Thread(target=ask, name="store", daemon=True)
    thread.start()
    thread.join(LIMIT)
    error = faults[0] if faults else TimeoutError(f"no answer within {LIMIT:.0f} s")
    if error is None:
        return None
    found = in_words(error, bucket)
    if isinstance(found, FileNotFoundError):
        where = endpoint(bucket)
        return BucketMissing(f"there is no bucket {bucket}{where and f' at {where}'}; check how its name is spelled")
    if is_denied(error):  # the bucket may not be described, and its objects may be read nevertheless
        return None
    return found if isinstance(found, StoreAway | StoreDenied | ImportError) else None


def _told(path: str, work: Callable[[], Any]) -> Any:
    """What the work gives. Raises: errors in words."""
    try:
        return work()
    except Exception as error:  # of whichever client; what is none of theirs is raised as it is
        found = in_words(error, path)
        if found is error:
            raise
        raise found from error
