"""Models: names under which versions are served. Safe for any number of servers at once."""

import time
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from boxwright.spec.deployment import VersionState, check_traffic
from boxwright.store.database import fetch, write, writing
from boxwright.store.model_records import ModelExists, ModelMissing, ModelRecord, NotNow, OperationRecord
from boxwright.store.operations import begin
from boxwright.store.pages import page
from boxwright.store.records import EtagMismatch
from boxwright.store.rows import new_etag
from boxwright.store.schema import models, versions

Models = list[ModelRecord]


class ModelStore:
    """All models of all projects. Every method raises StoreUnavailable while the database cannot be reached."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def create(self, project: str, request: Mapping[str, Any]) -> ModelRecord:
        """Make a model without versions.

        Args:
            request: as `ModelRequest.written()` gives it.

        Raises:
            ModelExists: its name is taken.
        """
        values = {
            "project": project,
            "name": request["name"],
            "request": dict(request),
            "default_version": "",
            "traffic": {},
            "etag": new_etag(),
            "create_time": time.time(),
        }
        try:
            return ModelRecord(**write(self.engine, insert(models).values(**values).returning(models))[0])
        except IntegrityError as error:
            raise ModelExists(
                f"project {project} has a model {request['name']} already; choose another name"
            ) from error

    def get(self, project: str, name: str) -> ModelRecord:
        """Raises: ModelMissing."""
        rows = fetch(self.engine, select(models).where(models.c.project == project, models.c.name == name))
        if not rows:
            raise _missing(project, name)
        return ModelRecord(**rows[0])

    def list(self, project: str, *, page_size: int = 0, page_token: str = "") -> tuple[Models, str]:
        """A page of models by name, and the token of the next page; "" after the last. Raises: ValueError."""
        query = select(models).where(models.c.project == project)
        return page(self.engine, query, models.c.name, (page_size, page_token), lambda row: ModelRecord(**row))

    def update(
        self,
        project: str,
        name: str,
        *,
        fields: Mapping[str, Any] | None = None,
        traffic: Mapping[str, int] | None = None,
        default: str | None = None,
        etag: str = "",
    ) -> tuple[ModelRecord, OperationRecord]:
        """Change a model; what is None stays as it is.

        Args:
            fields: of the request, such as its description.
            traffic: percentage of requests by version; empty for all to the default version.
            default: name of the version that becomes the default one, and gets all requests.
            etag: of the model as the caller read it; empty to change it whatever it is now.

        Raises:
            ModelMissing: no such model, or no such version.
            EtagMismatch: it has changed since.
            NotNow: the traffic cannot be split like this, or the version is not served.
        """
        with writing(self.engine) as connection:
            row = locked(connection, project, name)
            if etag and etag != row["etag"]:
                raise EtagMismatch(f"model {name} has changed since etag {etag} (now {row['etag']}); read it again")
            values: dict[str, Any] = {"request": {**row["request"], **(fields or {})}, "etag": new_etag()}
            if default is not None:
                _check_default(connection, row, default)
                values |= {"default_version": default, "traffic": {}}
            if traffic is not None:
                _check_traffic(connection, row, dict(traffic))
                values["traffic"] = dict(traffic)
            changed = connection.execute(update(models).where(models.c.uid == row["uid"]).values(**values))
            assert changed.rowcount == 1, "it is locked"
            operation = begin(connection, row, "UPDATE_MODEL", done=True)
            return ModelRecord(**{**row, **values}), operation

    def delete(self, project: str, name: str) -> OperationRecord:
        """Delete a model that has no versions.

        Raises:
            ModelMissing: no such model.
            NotNow: it has versions.
        """
        with writing(self.engine) as connection:
            row = locked(connection, project, name)
            there = states(connection, row["uid"])
            if there:
                raise NotNow(f"model {name} has versions; delete them first: {', '.join(sorted(there))}")
            connection.execute(delete(models).where(models.c.uid == row["uid"]))
            return begin(connection, row, "DELETE_MODEL", done=True)


def locked(connection: Connection, project: str, name: str) -> RowMapping:
    """The row of a model, which nobody else changes until the transaction ends. Raises: ModelMissing."""
    query = select(models).where(models.c.project == project, models.c.name == name).with_for_update()
    row = connection.execute(query).mappings().first()
    if row is None:
        raise _missing(project, name)
    return row


def states(connection: Connection, model_uid: int) -> dict[str, VersionState]:
    """State of each version of a model."""
    query = select(versions.c.name, versions.c.state).where(versions.c.model_uid == model_uid)
    return {row.name: row.state for row in connection.execute(query)}


def _missing(project: str, name: str) -> ModelMissing:
    return ModelMissing(f"project {project} has no model {name}")


def _check_traffic(connection: Connection, row: RowMapping, traffic: dict[str, int]) -> None:
    try:
        check_traffic(traffic, states(connection, row["uid"]))
    except ValueError as error:
        raise NotNow(f"traffic of model {row['name']}: {error}") from error


def _check_default(connection: Connection, row: RowMapping, version: str) -> None:
    state = states(connection, row["uid"]).get(version)
    if state is None:
        raise ModelMissing(f"model {row['name']} has no version {version}")
    if state not in ("READY", "UPDATING"):
        raise NotNow(f"version {version} is {state}; only a version that is READY can become the default one")
