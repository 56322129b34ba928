"""Models and versions on a server, for the commands that deploy and change them."""

import os
import time
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from boxwright import files
from boxwright.client import Client, ServerError

MODEL_COLUMNS = {"NAME": "name", "DEFAULT_VERSION_NAME": "defaultVersion"}
VERSION_COLUMNS = {"NAME": "name", "DEPLOYMENT_URI": "deploymentUri", "STATE": "state"}
"""Columns of the tables, as gcloud has them."""

LOOK_EVERY = 0.1
LONGEST_LOOK = 2.0
"""Seconds between looks at an operation; each is half as long again as the one before."""


def model_path(model: str) -> str:
    """Where a model is below its project."""
    return f"models/{quote(model, safe='')}"


def version_path(model: str, version: str) -> str:
    """Where a version is below its project."""
    return f"{model_path(model)}/versions/{quote(version, safe='')}"


def updated(path: str, fields: Mapping[str, Any]) -> str:
    """Where fields of a resource are changed."""
    return f"{path}?{urlencode({'updateMask': ','.join(fields)})}"


def pages(client: Client, path: str, kind: str) -> Iterator[dict[str, Any]]:
    """All entries of a list, page after page; `kind` is their key."""
    token = ""
    while True:
        page = client.ask("GET", f"{path}?{urlencode({'pageSize': 100, 'pageToken': token})}")
        yield from page.get(kind, ())
        token = page.get("nextPageToken", "")
        if not token:
            return


def finished(client: Client, operation: Mapping[str, Any]) -> dict[str, Any]:
    """Wait for an operation. Returns: what it made. Raises: ValueError: it failed; says why."""
    wait = LOOK_EVERY
    while not operation.get("done"):
        time.sleep(wait)
        wait = min(1.5 * wait, LONGEST_LOOK)
        operation = client.ask("GET", "operations/" + quote(_last(operation["name"]), safe=""))
    if error := operation.get("error"):
        raise ValueError(str(error["message"]))
    made: dict[str, Any] = dict(operation.get("response", {}))
    made.pop("@type", None)
    return made


def shown(resource: Mapping[str, Any]) -> dict[str, Any]:
    """A model or version for a table: names are short there."""
    short = {**resource, "name": _last(resource["name"])}
    if "defaultVersion" in resource:
        short["defaultVersion"] = _last(resource["defaultVersion"]["name"])
    return short


def bring_up(client: Client, model: str) -> None:
    """Make a model, if there is none of the name."""
    try:
        client.ask("POST", "models", {"name": model})
    except ServerError as error:
        if error.status != "ALREADY_EXISTS":
            raise


def version_body(name: str, origin: str, workers: int | None, settings: str) -> dict[str, Any]:
    """A version as it is sent; what was not given is empty.

    Args:
        origin: a model's folder; a local one is made absolute, as the server may run elsewhere.
        settings: "threads=2,max_batch=8".

    Raises:
        ValueError: settings that are none.
    """
    parts = [part.partition("=") for part in settings.split(",") if part.strip()]
    if any(not equals for _, equals, _ in parts):
        raise ValueError(f"--settings is such as threads=2,max_batch=8, got {settings!r}")
    folder = os.path.abspath(os.path.expanduser(origin)) if origin and files.is_local(origin) else origin
    return {
        "name": name,
        "deploymentUri": folder,
        "manualScaling": {"nodes": workers} if workers else {},
        "settings": {key.strip().replace("-", "_"): text.strip() for key, _, text in parts},
    }


def next_version(taken: set[str]) -> str:
    """A name for a version: v1, v2 and so on, the first that follows all that are taken."""
    numbers = [int(name[1:]) for name in taken if name.startswith("v") and name[1:].isdigit()]
    return f"v{max(numbers, default=0) + 1}"


def read_traffic(text: str) -> dict[str, int]:
    """Shares from "v1=90,v2=10"; none from an empty text. Raises: ValueError: something else."""
    parts = [part.partition("=") for part in text.split(",") if part.strip()]
    shares = {name.strip(): percent.strip() for name, _, percent in parts}
    if len(shares) < len(parts) or not all(percent.isdigit() for percent in shares.values()):
        raise ValueError(f"--traffic is percentages such as v1=90,v2=10, each version once, got {text!r}")
    return {name: int(percent) for name, percent in shares.items()}


def _last(name: str) -> str:
    return name.rpartition("/")[2]
