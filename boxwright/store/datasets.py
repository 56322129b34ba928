"""Data sets: where they are, and what was found in them. Safe for any number of servers at once."""

import secrets
import time
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, and_, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from boxwright.store.database import fetch, write, writing
from boxwright.store.dataset_records import DatasetExists, DatasetMissing, DatasetRecord
from boxwright.store.model_records import NotNow
from boxwright.store.pages import page
from boxwright.store.rows import new_etag
from boxwright.store.schema import datasets
from boxwright.store.written import storable

Datasets = list[DatasetRecord]
Folders = list[tuple[str, str]]


class DatasetStore:
    """All data sets of all projects. Every method raises StoreUnavailable while the database cannot be reached."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def create(self, project: str, request: Mapping[str, Any], place: str, key: str = "") -> DatasetRecord:
        """Make a data set known; it is IMPORTING.

        Args:
            request: as `DatasetRequest.written()` gives it.
            place: folder of the server that will look at it.
            key: name of its own folder there, where that exists already.

        Raises:
            DatasetExists: its name is taken.
        """
        values = {
            "project": project,
            "name": request["name"],
            "state": "IMPORTING",
            "request": dict(request),
            "place": place,
            "key": key or new_key(),
            "result": {},
            "error_message": "",
            "etag": new_etag(),
            "create_time": time.time(),
            "end_time": None,
        }
        try:
            return DatasetRecord(**write(self._engine, insert(datasets).values(**values).returning(datasets))[0])
        except IntegrityError as error:
            message = f"project {project} has a data set {request['name']} already; choose another name, or delete it"
            raise DatasetExists(message) from error

    def get(self, project: str, name: str) -> DatasetRecord:
        """Raises: DatasetMissing."""
        rows = fetch(self._engine, select(datasets).where(_named(project, name)))
        if not rows:
            raise _missing(project, name)
        return DatasetRecord(**rows[0])

    def list(self, project: str, *, page_size: int = 0, page_token: str = "") -> tuple[Datasets, str]:
        """A page of data sets by name, and the token of the next page; "" after the last. Raises: ValueError."""
        query = select(datasets).where(datasets.c.project == project)
        return page(self._engine, query, datasets.c.name, (page_size, page_token), lambda row: DatasetRecord(**row))

    def again(self, project: str, name: str) -> DatasetRecord:
        """Look at a data set again: one that has failed, or has changed where it lies.

        Raises:
            DatasetMissing: no such data set.
            NotNow: it is being looked at, or deleted.
        """
        with writing(self._engine) as connection:
            row = _locked(connection, project, name)
            if row["state"] not in ("READY", "FAILED"):
                raise NotNow(f"data set {name} is {row['state']}; wait until it is READY or FAILED")
            return _changed(connection, row, {"state": "IMPORTING", "error_message": "", "end_time": None})

    def delete(self, project: str, name: str) -> DatasetRecord:
        """Ask for one to be forgotten: it is DELETING until its server has cleared up. Raises: DatasetMissing."""
        with writing(self._engine) as connection:
            row = _locked(connection, project, name)
            return _changed(connection, row, {"state": "DELETING"})

    def folders(self) -> Folders:
        """Project and folder of every data set, whatever its state is."""
        rows = fetch(self._engine, select(datasets))
        return [(row["project"], str(DatasetRecord(**row).folder)) for row in rows]

    def wanted(self, place: str) -> Datasets:
        """Data sets that a server has something to do with: those IMPORTING and DELETING, the oldest first."""
        under_way = and_(datasets.c.place == place, datasets.c.state.in_(("IMPORTING", "DELETING")))
        rows = fetch(self._engine, select(datasets).where(under_way).order_by(datasets.c.uid))
        return [DatasetRecord(**row) for row in rows]

    def settle(self, seen: DatasetRecord, result: Mapping[str, Any], error_message: str = "") -> None:
        """Say what was found in a data set that was IMPORTING; nothing happens if it has changed since.

        Args:
            seen: as it was wanted.
            result: see `DatasetRecord`.
            error_message: why nothing could be found; empty where it could.
        """
        values = {
            "state": "FAILED" if error_message else "READY",
            "result": dict(result),
            "error_message": storable(error_message),
            "end_time": time.time(),
            "etag": new_etag(),
        }
        unchanged = and_(datasets.c.uid == seen.uid, datasets.c.etag == seen.etag)
        write(self._engine, update(datasets).where(unchanged).values(**values))

    def remove(self, seen: DatasetRecord) -> None:
        """Forget a data set that was DELETING and of which nothing is left."""
        gone = and_(datasets.c.uid == seen.uid, datasets.c.state == "DELETING")
        write(self._engine, delete(datasets).where(gone))


def new_key() -> str:
    """A name for a folder that no other data set has."""
    return secrets.token_hex(8)


def _named(project: str, name: str) -> Any:
    return and_(datasets.c.project == project, datasets.c.name == name)


def _missing(project: str, name: str) -> DatasetMissing:
    return DatasetMissing(f"project {project} has no data set {name}")


def _locked(connection: Connection, project: str, name: str) -> RowMapping:
    query = select(datasets).where(_named(project, name)).with_for_update()
    row = connection.execute(query).mappings().first()
    if row is None:
        raise _missing(project, name)
    return row


def _changed(connection: Connection, row: RowMapping, values: Mapping[str, Any]) -> DatasetRecord:
    all_values = {**values, "etag": new_etag()}
    connection.execute(update(datasets).where(datasets.c.uid == row["uid"]).values(**all_values))
    return DatasetRecord(**{**row, **all_values})
