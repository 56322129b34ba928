"""All that a server does with data sets, in one value."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Engine

from boxwright import files, formats
from boxwright.catalogue.imports import Imports
from boxwright.catalogue.pictures import PictureShelf
from boxwright.catalogue.place import Place
from boxwright.dataset.draw import SHAPES
from boxwright.spec.dataset import DatasetRequest
from boxwright.spec.resource import Faults, InvalidResource
from boxwright.store.dataset_records import DatasetExists, DatasetMissing, DatasetRecord
from boxwright.store.datasets import DatasetStore, new_key
from boxwright.store.model_records import NotNow

Take = Callable[[str, Path], None]
"""Moves the folder of a finished upload, by its id, to a path."""


@dataclass(frozen=True)
class Recognised:
    """What stands at a path."""

    path: str
    format: str
    parts: tuple[str, ...]


@dataclass(frozen=True)
class Catalogue:
    """Data sets: known to the store, imported by processes of this server, and shown.

    Attributes:
        folder: what this server keeps of them.
        roots: folders that data may be read from.
    """

    store: DatasetStore
    imports: Imports
    shelf: PictureShelf
    folder: Path
    roots: tuple[str, ...]

    @classmethod
    def over(cls, engine: Engine, folder: Path, roots: tuple[str, ...]) -> Self:
        """Over a database. Imports begin once `imports` is entered."""
        store, shelf = DatasetStore(engine), PictureShelf(roots)
        imports = Imports(store, folder, roots)
        imports.forgotten = shelf.forget
        return cls(store, imports, shelf, folder, roots)

    def recognise(self, path: str) -> Recognised:
        """Which format is at a path, and its parts.

        Raises:
            OSError: nothing is there, or it lies outside the roots.
            ValueError: no known format.
        """
        with files.confined(self.roots):
            found = absolute(path)
            files.check_allowed(found)
            return Recognised(found, formats.recognise(found), formats.splits(found))

    def create(self, project: str, request: DatasetRequest, take: Take) -> DatasetRecord:
        """Make a data set known and begin to import it.

        Raises:
            InvalidResource: with every fault that can be seen at once.
            DatasetExists: the name is taken.
            DatasetMissing: there is no data set that it is to be made from.
            NotNow: that is not READY.
        """
        self._check(project, request)
        written = request.written()
        for field in ("path", "labelsFile"):
            if written.get(field):
                written[field] = absolute(written[field])
        record = self._uploaded(project, written, take) if request.upload_id else None
        record = record or self.store.create(project, written, str(self.folder))
        self.imports.look_again()
        return record

    def again(self, project: str, name: str) -> DatasetRecord:
        """Import a data set again. Raises: DatasetMissing, NotNow."""
        record = self.store.again(project, name)
        self.imports.look_again()
        return record

    def delete(self, project: str, name: str) -> None:
        """Forget a data set, and delete its data where the server has made it. Raises: DatasetMissing."""
        self.store.delete(project, name)
        self.imports.look_again()

    def _check(self, project: str, request: DatasetRequest) -> None:
        faults = Faults()
        if request.path:
            faults.try_("path", lambda: self.recognise(request.path))
        if request.labels_file:
            faults.try_("labelsFile", lambda: self._check_file(request.labels_file))
        if request.format or request.convert:
            faults.try_(f"{request.kind}.format", lambda: _check_written(request))
        if request.draw:
            faults.try_("draw.classes", lambda: _check_shapes(request))
        if faults.found:
            raise InvalidResource(tuple(faults.found))
        if request.parent:
            parent = self.store.get(project, request.parent)
            if parent.state != "READY":
                raise NotNow(f"data set {parent.name} is {parent.state}; wait until it is READY")

    def _check_file(self, path: str) -> None:
        with files.confined(self.roots):
            files.check_allowed(absolute(path))
            files.size(absolute(path))

    def _uploaded(self, project: str, written: Mapping[str, Any], take: Take) -> DatasetRecord:
        """The data is in its place before anybody looks for it there."""
        name, key = str(written["name"]), new_key()
        try:
            self.store.get(project, name)
        except DatasetMissing:
            place = Place(self.folder / key)
            place.folder.mkdir(mode=0o700, parents=True)
            try:
                take(str(written["uploadId"]), place.data)
                return self.store.create(project, written, str(self.folder), key)
            except BaseException:
                shutil.rmtree(place.folder, ignore_errors=True)
                raise
        raise DatasetExists(f"project {project} has a data set {name} already; choose another name, or delete it")


def absolute(path: str) -> str:
    """A path as it is kept: local ones from the root of the file system on, with `~` replaced."""
    return str(Path(path.removeprefix("file://")).expanduser().absolute()) if files.is_local(path) else path


def _check_written(request: DatasetRequest) -> None:
    known = formats.FORMATS.get(request.format)
    if known is None or known.write is None:
        writable = ", ".join(name for name, found in formats.FORMATS.items() if found.write)
        raise ValueError(f"must be one of {writable}, got {request.format!r}")
    several = request.draw and request.draw.validation or request.split and len(request.split.shares) > 1
    if several and request.format in formats.OF_ONE_SPLIT:
        raise ValueError(f"a folder in the format {request.format} is one part, and several are asked for")


def _check_shapes(request: DatasetRequest) -> None:
    assert request.draw
    given = request.draw.classes
    if unknown := [name for name in given if name not in SHAPES]:
        raise ValueError(f"shapes must be among {', '.join(SHAPES)}; got {', '.join(unknown)}")
    if len(set(given)) != len(given):
        raise ValueError(f"each shape may be named once, got {', '.join(given)}")
