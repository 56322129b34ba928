"""Files anywhere: a path is local (`data/train.csv`, `~/data`), or an fsspec URL (`gs://`, `s3://`, `memory://`)."""

from boxwright.files.access import at_once, check_allowed, confined
from boxwright.files.looking import (
    Listed,
    entries,
    folders,
    is_file,
    is_folder,
    plain_files,
    remembering,
    size,
    store_listing,
    walk,
)
from boxwright.files.paths import is_local, join, name, parent
from boxwright.files.reading import open_binary, read_bytes, read_range, read_text
from boxwright.files.wildcards import expand, has_wildcard, named
from boxwright.files.writing import make_folder, publish, remove, staging, write_bytes, write_text

__all__ = [
    "Listed",
    "at_once",
    "check_allowed",
    "confined",
    "entries",
    "expand",
    "folders",
    "has_wildcard",
    "is_file",
    "is_folder",
    "is_local",
    "join",
    "make_folder",
    "name",
    "named",
    "open_binary",
    "parent",
    "plain_files",
    "publish",
    "read_bytes",
    "read_range",
    "read_text",
    "remembering",
    "remove",
    "size",
    "staging",
    "store_listing",
    "walk",
    "write_bytes",
    "write_text",
]
