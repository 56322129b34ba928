"""Versions: trained models that are served. What is wanted of them stands here; the servers see to it that it is so."""

import time
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, Select, and_, delete, insert, select, update

from boxwright.store.database import fetch, write, writing
from boxwright.store.model_records import ModelExists, ModelMissing, ModelRecord, NotNow, OperationRecord, VersionRecord
from boxwright.store.models import locked, states
from boxwright.store.operations import begin, finish
from boxwright.store.pages import page
from boxwright.store.rows import new_etag
from boxwright.store.schema import models, versions
from boxwright.store.written import storable

Versions = list[VersionRecord]
Wanted = list[tuple[ModelRecord, Versions]]

KEPT_WORKERS = ("manualScaling", "autoScaling", "description", "labels")
"""What may change without new worker processes, but for their number."""


class VersionStore:
    """All versions of all models. Every method raises StoreUnavailable while the database cannot be reached."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def create(self, project: str, model: str, request: Mapping[str, Any]) -> tuple[VersionRecord, OperationRecord]:
        """Ask for a version to be served; the first one of a model becomes its default.

        Args:
            request: as `VersionRequest.written()` gives it.

        Raises:
            ModelMissing: no such model.
            ModelExists: its name is taken.
        """
        with writing(self._engine) as connection:
            owner, name = locked(connection, project, model), str(request["name"])
            if name in states(connection, owner["uid"]):
                raise ModelExists(f"model {model} has a version {name} already; choose another name, or update it")
            row = connection.execute(insert(versions).values(**_fresh(owner, request)).returning(versions)).mappings()
            record = VersionRecord(**row.one())
            if not owner["default_version"]:
                first = update(models).where(models.c.uid == owner["uid"])
                connection.execute(first.values(default_version=name, etag=new_etag()))
            return record, begin(connection, owner, "CREATE_VERSION", version=(name, record.uid))

    def get(self, project: str, model: str, name: str) -> VersionRecord:
        """Raises: ModelMissing."""
        rows = fetch(self._engine, _of_model(project, model).where(versions.c.name == name))
        if not rows:
            raise ModelMissing(f"project {project} has no version {name} of a model {model}")
        return VersionRecord(**rows[0])

    def list(self, project: str, model: str, *, page_size: int = 0, page_token: str = "") -> tuple[Versions, str]:
        """A page of versions by name, and the token of the next page; "" after the last. Raises: ValueError."""
        query, asked = _of_model(project, model), (page_size, page_token)
        return page(self._engine, query, versions.c.name, asked, lambda row: VersionRecord(**row))

    def update(
        self, project: str, model: str, name: str, changes: Mapping[str, Any]
    ) -> tuple[VersionRecord, OperationRecord]:
        """Serve a version differently: the old worker processes answer until the new ones are ready.

        Args:
            changes: fields of the request.

        Raises:
            ModelMissing: no such version.
            NotNow: it is being made, changed or deleted.
        """
        with writing(self._engine) as connection:
            owner = locked(connection, project, model)
            row = _row(connection, owner, name)
            if row["state"] not in ("READY", "FAILED"):
                raise NotNow(f"version {name} is {row['state']}; wait until it is READY")
            request = {**row["request"], **changes}
            values = {
                "state": "UPDATING" if row["served"] else "CREATING",
                "request": request,
                "generation": row["generation"] + (not row["served"] or _differ(request, row["served"])),
                "error_message": "",
            }
            record = _changed(connection, row, values)
            return record, begin(connection, owner, "UPDATE_VERSION", version=(name, row["uid"]))

    def delete(self, project: str, model: str, name: str) -> OperationRecord:
        """Ask for a version to be served no more; requests in flight are answered.

        Raises:
            ModelMissing: no such version.
            NotNow: it is the default of several versions, or gets a share of the traffic.
        """
        with writing(self._engine) as connection:
            owner = locked(connection, project, model)
            row, others = _row(connection, owner, name), states(connection, owner["uid"])
            if owner["default_version"] == name and len(others) > 1:
                raise NotNow(f"version {name} is the default one; make another one the default first")
            if owner["traffic"].get(name) and len(others) > 1:
                raise NotNow(f"version {name} gets {owner['traffic'][name]} percent of the traffic; change that first")
            _changed(connection, row, {"state": "DELETING"})
            return begin(connection, owner, "DELETE_VERSION", version=(name, row["uid"]))

    def wanted(self) -> Wanted:
        """All models, each with its versions: what servers should have worker processes for."""
        found = {row["uid"]: (ModelRecord(**row), Versions()) for row in fetch(self._engine, select(models))}
        for row in fetch(self._engine, select(versions)):
            if row["model_uid"] in found:
                found[row["model_uid"]][1].append(VersionRecord(**row))
        return list(found.values())

    def settle(self, seen: VersionRecord, error_message: str = "") -> None:
        """Say how it went with a version that was CREATING or UPDATING; nothing happens if it has changed since.

        A failed update is undone: what was served before goes on.

        Args:
            seen: as it was wanted.
            error_message: why it cannot be served; empty where it is.
        """
        with writing(self._engine) as connection:
            query = select(versions).where(versions.c.uid == seen.uid, versions.c.etag == seen.etag).with_for_update()
            row = connection.execute(query).mappings().first()
            if row is None or row["state"] not in ("CREATING", "UPDATING"):
                return
            _changed(connection, row, _outcome(row, storable(error_message)))
            finish(connection, row["uid"], storable(error_message))

    def remove(self, seen: VersionRecord) -> None:
        """Forget a version that was DELETING and has no worker processes any more."""
        with writing(self._engine) as connection:
            which = and_(versions.c.uid == seen.uid, versions.c.state == "DELETING")
            if connection.execute(delete(versions).where(which)).rowcount:
                of_model = and_(models.c.uid == seen.model_uid, models.c.default_version == seen.name)
                connection.execute(update(models).where(of_model).values(default_version="", traffic={}))
                finish(connection, seen.uid)

    def used(self, uid: int, when: float) -> None:
        """Note when a version was used last."""
        write(self._engine, update(versions).where(versions.c.uid == uid).values(last_use_time=when), recoverable=True)


def _fresh(owner: RowMapping, request: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "model_uid": owner["uid"],
        "name": request["name"],
        "state": "CREATING",
        "request": dict(request),
        "served": {},
        "generation": 1,
        "error_message": "",
        "etag": new_etag(),
        "create_time": time.time(),
        "last_use_time": None,
    }


def _of_model(project: str, model: str) -> Select[Any]:
    joined = select(versions).join(models, models.c.uid == versions.c.model_uid)
    return joined.where(models.c.project == project, models.c.name == model)


def _row(connection: Connection, owner: RowMapping, name: str) -> RowMapping:
    query = select(versions).where(versions.c.model_uid == owner["uid"], versions.c.name == name)
    row = connection.execute(query.with_for_update()).mappings().first()
    if row is None:
        raise ModelMissing(f"project {owner['project']} has no version {name} of a model {owner['name']}")
    return row


def _changed(connection: Connection, row: RowMapping, values: Mapping[str, Any]) -> VersionRecord:
    all_values = {**values, "etag": new_etag()}
    connection.execute(update(versions).where(versions.c.uid == row["uid"]).values(**all_values))
    return VersionRecord(**{**row, **all_values})


def _differ(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether going from one request to another takes new worker processes."""
    return any(one.get(field) != other.get(field) for field in {*one, *other} - {*KEPT_WORKERS})


def _outcome(row: RowMapping, error_message: str) -> dict[str, Any]:
    if not error_message:
        return {"state": "READY", "served": row["request"], "error_message": ""}
    if not row["served"]:
        return {"state": "FAILED", "error_message": error_message}
    before = row["generation"] - _differ(row["request"], row["served"])
    undone = {"state": "READY", "request": row["served"], "generation": before}
    return {**undone, "error_message": f"the last update was undone: {error_message}"}
