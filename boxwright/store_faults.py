"""What is wrong with an object store, in words: the rule, the value and the way out."""

import asyncio
import errno
import os

EXTRAS = {"s3": "s3", "s3a": "s3", "gs": "gs", "gcs": "gs"}
"""Object stores by scheme, and the extra of this package that brings their client."""

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


def in_words(error: Exception, path: str) -> Exception:
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
        where = endpoint(path) or "the store"
        return StoreAway(f"{where} does not answer, asked for {path} ({said}); {_reach(EXTRAS[scheme])}")
    if is_denied(error):
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


def endpoint(path: str) -> str:
    """The address that the environment gives for a store; empty for the provider's own."""
    names = _ENDPOINTS[EXTRAS[path.partition("://")[0]]]
    return next((os.environ[name] for name in names if os.environ.get(name)), "")


def _lacks_credentials(error: Exception) -> bool:
    return any(part in type(error).__name__ for part in _NO_CREDENTIALS) or _status(error) == "401"


def _is_away(error: Exception) -> bool:
    if isinstance(error, ConnectionError | TimeoutError | asyncio.TimeoutError):
        return True
    name, package = type(error).__name__, type(error).__module__.partition(".")[0]
    return package in _CLIENTS and any(part in name for part in _AWAY)


def is_denied(error: Exception) -> bool:
    """Whether a store answered, and did not allow what was asked."""
    return isinstance(error, PermissionError) or _status(error) == "403" or str(error).startswith("Forbidden")


def _status(error: Exception) -> str:
    """The status or code of the answer that an exception speaks of: gcsfs carries it, s3fs its cause; else nothing."""
    answer = getattr(error.__cause__, "response", None)
    if isinstance(answer, dict):
        return str(answer.get("Error", {}).get("Code", ""))
    return str(getattr(error, "code", "") or "")
