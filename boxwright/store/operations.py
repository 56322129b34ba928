"""Operations: what takes a while, such as starting a version's worker processes, so that it can be asked after."""

import secrets
import time

from sqlalchemy import Connection, Engine, RowMapping, insert, select, update

from boxwright.store.database import fetch
from boxwright.store.model_records import ModelMissing, OperationKind, OperationRecord
from boxwright.store.pages import page
from boxwright.store.schema import operations

Operations = list[OperationRecord]


class OperationStore:
    """All operations of all projects. Every method raises StoreUnavailable while the database cannot be reached."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def get(self, project: str, name: str) -> OperationRecord:
        """Raises: ModelMissing."""
        rows = fetch(self._engine, select(operations).where(operations.c.project == project, operations.c.name == name))
        if not rows:
            raise ModelMissing(f"project {project} has no operation {name}")
        return OperationRecord(**rows[0])

    def list(self, project: str, *, page_size: int = 0, page_token: str = "") -> tuple[Operations, str]:
        """A page of operations by name, and the token of the next page; "" after the last. Raises: ValueError."""
        query = select(operations).where(operations.c.project == project)
        return page(self._engine, query, operations.c.name, (page_size, page_token), lambda row: OperationRecord(**row))


def begin(
    connection: Connection,
    model: RowMapping,
    kind: OperationKind,
    *,
    version: tuple[str, int] = ("", 0),
    done: bool = False,
) -> OperationRecord:
    """Note an operation in the transaction that starts it.

    Args:
        model: the model's row.
        version: name and uid of the version.
        done: whether it is done with the transaction.
    """
    now = time.time()
    values = {
        "project": model["project"],
        "name": "_".join(filter(None, (kind.lower(), model["name"], version[0], f"{int(now)}{secrets.token_hex(4)}"))),
        "kind": kind,
        "model": model["name"],
        "version": version[0],
        "version_uid": version[1],
        "create_time": now,
        "end_time": now if done else None,
        "error_message": "",
    }
    row = connection.execute(insert(operations).values(**values).returning(operations)).mappings().one()
    return OperationRecord(**row)


def finish(connection: Connection, version_uid: int, error_message: str = "") -> None:
    """End all operations on a version that are under way."""
    of_version = update(operations).where(operations.c.version_uid == version_uid, operations.c.end_time.is_(None))
    connection.execute(of_version.values(end_time=time.time(), error_message=error_message))
