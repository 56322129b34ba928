"""The one door to fsspec: file systems behind URLs, whose errors say what is wrong with a store and what to do.

A store that is away is found out within `LIMIT` seconds: the first contact with a bucket is one small request, and it
is made again now and again, unless this process is to be patient.
"""

import asyncio
import errno
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

EXTRAS = {"s3": "s3", "s3a": "s3", "gs": "gs", "gcs": "gs"}
"""Object stores by scheme, and the extra of this package that brings their client."""

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

_CLIENTS = frozenset({"botocore", "aiobotocore", "aiohttp", "google", "gcsfs", "requests", "urllib3", "fsspec"})
"""Packages whose own exceptions speak of a store."""

_AWAY = ("Connect", "Timeout", "Transport", "Proxy", "SSL", "HTTPClientError", "ServerDisconnected", "ClientOSError")
"""Parts of the names of exceptions that mean that nobody has answered."""

_NO_CREDENTIALS = ("Credential", "RefreshError", "TokenRetrieval", "SSOError", "ProfileNotFound", "UnauthorizedSSO")

_CREDENTIALS = {
    "s3": "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or give the machine a role; a public "
    "bucket is read with FSSPEC_S3_ANON=true",
    "gs": "set GOOGLE_APPLICATION_CREDENTIALS to the key of a service account, or run 'gcloud auth application-default "
    "login'; a public bucket is read without any",
}
"""What to do where there are none, by extra."""

_ENDPOINTS = {"s3": ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"), "gs": ("STORAGE_EMULATOR_HOST",)}


class StoreFault(Exception):
    """What is wrong with a store as a whole, whatever is looked for in it."""


class StoreAway(StoreFault, ConnectionError):
    """A store does not answer; another try may succeed."""

    errno = errno.EHOSTUNREACH


class StoreDenied(StoreFault, PermissionError):
    """A store does not know whoever asks, or does not allow it."""


class BucketMissing(StoreFault, FileNotFoundError):
    """There is no such bucket."""


class PastEnd(OSError):
    """Bytes were asked for that begin behind the end of a file."""


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
    found = _in_words(error, bucket)
    if isinstance(found, FileNotFoundError):
        where = _endpoint(bucket)
        return BucketMissing(f"there is no bucket {bucket}{where and f' at {where}'}; check how its name is spelled")
    if _is_denied(error):  # the bucket may not be described, and its objects may be read nevertheless
        return None
    return found if isinstance(found, StoreAway | StoreDenied | ImportError) else None


def _told(path: str, work: Callable[[], Any]) -> Any:
    """What the work gives. Raises: errors in words."""
    try:
        return work()
    except Exception as error:  # of whichever client; what is none of theirs is raised as it is
        found = _in_words(error, path)
        if found is error:
            raise
        raise found from error


def _in_words(error: Exception, path: str) -> Exception:
    """An error of a client as one that says the rule, the value and the way out; others as they are."""
    scheme = path.partition("://")[0]
    if isinstance(error, ImportError):
        extra = f"boxwright[{EXTRAS[scheme]}]" if scheme in EXTRAS else f"the fsspec package for {scheme}://"
        return ImportError(f"cannot open {path!r}: install {extra} ({error})")
    if scheme not in EXTRAS or isinstance(error, FileExistsError | IsADirectoryError | NotADirectoryError):
        return error
    if isinstance(error, FileNotFoundError):
        return FileNotFoundError(errno.ENOENT, "No such object", path)
    said = " ".join(str(error).split())[:300] or type(error).__name__
    if _status(error) in ("416", "InvalidRange"):
        return PastEnd(f"{path}: {said}")
    if _lacks_credentials(error):
        return StoreDenied(f"no credentials to read {path} with ({said}); {_CREDENTIALS[EXTRAS[scheme]]}")
    if _is_away(error):
        where = _endpoint(path) or "the store"
        return StoreAway(f"{where} does not answer, asked for {path} ({said}); {_reach(EXTRAS[scheme])}")
    if _is_denied(error):
        return StoreDenied(
            f"access to {path} is denied ({said}); the credentials that are in use must allow to list the bucket and "
            f"to read and write its objects, or others must be used: {_CREDENTIALS[EXTRAS[scheme]]}"
        )
    if isinstance(error, OSError):
        return OSError(error.errno or errno.EIO, error.strerror or said, path)
    return OSError(errno.EIO, said, path) if type(error).__module__.partition(".")[0] in _CLIENTS else error


def _reach(extra: str) -> str:
    names = _ENDPOINTS[extra]
    given = next((name for name in names if os.environ.get(name)), "")
    if given:
        return f"see that {given} is the right address and can be reached from this machine"
    return f"see that this machine has a way to it; another address is given by {names[-1]}"


def _endpoint(path: str) -> str:
    names = _ENDPOINTS[EXTRAS[path.partition("://")[0]]]
    return next((os.environ[name] for name in names if os.environ.get(name)), "")


def _lacks_credentials(error: Exception) -> bool:
    return any(part in type(error).__name__ for part in _NO_CREDENTIALS) or _status(error) == "401"


def _is_away(error: Exception) -> bool:
    if isinstance(error, ConnectionError | TimeoutError | asyncio.TimeoutError):
        return True
    name, package = type(error).__name__, type(error).__module__.partition(".")[0]
    return package in _CLIENTS and any(part in name for part in _AWAY)


def _is_denied(error: Exception) -> bool:
    return isinstance(error, PermissionError) or _status(error) == "403" or str(error).startswith("Forbidden")


def _status(error: Exception) -> str:
    """The status or code of the answer that an exception speaks of: gcsfs carries it, s3fs its cause; else nothing."""
    answer = getattr(error.__cause__, "response", None)
    if isinstance(answer, dict):
        return str(answer.get("Error", {}).get("Code", ""))
    return str(getattr(error, "code", "") or "")
