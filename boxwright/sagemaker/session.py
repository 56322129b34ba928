"""Stands in for a SageMaker session: buckets are folders of this machine where there is such a folder."""

import os
import re
import shutil
from pathlib import Path

from boxwright import files

DEFAULT_BUCKET = "boxwright"

REGION = "local"

BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
"""S3's rule for names."""


def buckets() -> Path:
    """The folder that holds a folder for each local bucket: `$BOXWRIGHT_BUCKETS`, or `~/.boxwright/buckets`."""
    return Path(os.environ.get("BOXWRIGHT_BUCKETS") or "~/.boxwright/buckets").expanduser().absolute()


def place(uri: str) -> str:
    """Where data or a folder really is: `s3://bucket/key` below a local bucket's folder, everything else as it is.

    A bucket is local when it is the default one, or a folder of its name stands in `buckets()`.
    """
    found = re.fullmatch(r"s3://([^/]+)/*(.*)", uri)
    if not found or not is_local_bucket(found.group(1)):
        return uri
    bucket = buckets() / found.group(1)
    inner = Path(os.path.normpath(bucket / found.group(2)))
    if not inner.is_relative_to(bucket):
        raise ValueError(f"a key must not lead out of its bucket, got {uri!r}")
    return str(inner)


def absolute(path: str) -> str:
    """A local path as seen from the root; URLs as they are."""
    return str(Path(path.removeprefix("file://")).expanduser().absolute()) if files.is_local(path) else path


def is_local_bucket(name: str) -> bool:
    """Whether a bucket is a folder of this machine."""
    return name == DEFAULT_BUCKET or bool(BUCKET.fullmatch(name) and (buckets() / name).is_dir())


def get_execution_role(sagemaker_session: object = None) -> str:  # noqa: ARG001  # SageMaker's own parameter
    """A role's name, which estimators take and nothing here asks for."""
    return "boxwright"


class Session:
    """What examples ask a SageMaker session for: a bucket, a region, and to bring data there."""

    boto_region_name = REGION

    def get_caller_identity_arn(self) -> str:
        """A role's name, as `get_execution_role` gives it."""
        return get_execution_role()

    def default_bucket(self) -> str:
        """The bucket of jobs that name no place: a folder of this machine."""
        return DEFAULT_BUCKET

    def create_bucket(self, name: str) -> str:
        """Make a local bucket, so that `s3://{name}/` is a folder of this machine; nothing happens where it is one.

        Returns:
            the folder.

        Raises:
            ValueError: not a bucket's name.
        """
        if not BUCKET.fullmatch(name):
            raise ValueError(f"a bucket's name is 3 to 63 small letters, digits, dots and dashes, got {name!r}")
        folder = buckets() / name
        folder.mkdir(parents=True, exist_ok=True)
        return str(folder)

    def upload_data(self, path: str, bucket: str | None = None, key_prefix: str = "data") -> str:
        """Copy a file, or what a folder holds, to a bucket.

        Returns:
            its URI.

        Raises:
            FileNotFoundError: nothing there.
            OSError: the copy cannot be written.
        """
        target = f"s3://{bucket or self.default_bucket()}/{key_prefix}".rstrip("/")
        inside = files.walk(path) if files.is_folder(path) else None
        if inside is None and not files.is_file(path):
            raise FileNotFoundError(f"no file or folder {path!r} to upload")
        for name in inside if inside is not None else [files.name(path)]:
            source = files.join(path, name) if inside is not None else path
            _copy(source, place(f"{target}/{name}"))
        return target if inside is not None else f"{target}/{files.name(path)}"


def _copy(source: str, target: str) -> None:
    if files.is_local(source) and files.is_local(target):
        Path(target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(os.path.expanduser(source.removeprefix("file://")), target)
    else:
        files.write_bytes(target, files.read_bytes(source))
