"""Live figures of endpoints: how many requests they get, how quickly they answer, and their worker processes."""

import math
import time
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from pydantic import Field

from boxwright.api.deps import Context, Given, ModelName, Project, Viewer
from boxwright.api.errors import Refusal
from boxwright.api.resources import time_text
from boxwright.endpoints.deployment import Deployment, Endpoint
from boxwright.endpoints.recent import MINUTE, SLOT, Figures
from boxwright.spec.deployment import VersionState
from boxwright.spec.resource import Resource
from boxwright.store.model_records import VersionRecord

router = APIRouter(prefix="/v1/projects/{project}", tags=["models"])


class Rates(Resource):
    """What the requests of some time were like; latencies are left out where there were none."""

    requests_per_second: float = 0.0
    errors_per_second: float = Field(0.0, description="of which without an answer, or with HTTP status 500 and more")
    refused_per_second: float = Field(0.0, description="of which with HTTP status 400 to 499")
    latency_p50: float | None = Field(None, alias="latencyP50", description="seconds, half of them were quicker")
    latency_p95: float | None = Field(None, alias="latencyP95", description="seconds, 95 % of them were quicker")


class Moment(Rates):
    """A few seconds of the last quarter of an hour."""

    time: str = Field("", description="when they began; RFC 3339 in UTC")


class WorkerStats(Resource):
    """A worker process."""

    pid: int = 0
    ready: bool = False
    in_flight: int = Field(0, description="requests that it has and has not answered")
    uptime_seconds: float = 0.0


class VersionStats(Rates):
    """A version in the last minute."""

    name: str
    state: VersionState
    deployment_uri: str = Field("", description="folder of the trained model")
    traffic_percent: int = Field(0, description="of the requests that name no version")
    error_message: str = Field("", description="why it failed, or what keeps its workers from starting")
    workers_wanted: int = 0
    workers_ready: int = 0
    workers: tuple[WorkerStats, ...] = ()
    history: tuple[Moment, ...] = Field((), description="the last quarter of an hour at most, the oldest first")


class ModelStats(Rates):
    """A model in the last minute, all its versions together, as this server has seen it."""

    model: str
    state: str = Field("", description="of the default version; left out where there is none")
    window_seconds: float = Field(MINUTE, description="that the figures look back")
    step_seconds: float = Field(SLOT, description="of each moment of the history")
    versions: tuple[VersionStats, ...] = ()


class ModelStatsList(Resource):
    """All models of a project by name, without history."""

    models: tuple[ModelStats, ...] = ()


@router.get("/models:stats", summary="Tell how all models are asked just now", response_model=ModelStatsList)
def all_stats(_: Viewer, project: Project, context: Given) -> Any:
    """Of this server's own requests; read from memory."""
    endpoints = sorted(context.deployed.fleet.endpoints.items())
    found = [_stats(context, one, False) for (owner, _), one in endpoints if owner == project]
    return JSONResponse({"models": found} if found else {})


@router.get("/models/{model}:stats", summary="Tell how a model is asked just now", response_model=ModelStats)
def model_stats(
    _: Viewer,
    project: Project,
    model: ModelName,
    context: Given,
    history: Annotated[bool, Query(description="With the last quarter of an hour.")] = True,
) -> Any:
    """Requests a second, seconds to the answer, and worker processes of each version, on this server."""
    endpoint = context.deployed.fleet.find(project, model)
    if endpoint is None:
        context.deployed.models.get(project, model)
        raise Refusal("UNAVAILABLE", f"model {model} was made a moment ago; try again", headers={"Retry-After": "1"})
    return JSONResponse(_stats(context, endpoint, history))


def _stats(context: Context, endpoint: Endpoint, history: bool) -> dict[str, Any]:
    model = endpoint.model
    keys = [(model.project, model.name, name) for name in endpoint.versions]
    default = endpoint.versions.get(model.default_version)
    return {
        "model": model.name,
        **({"state": default[0].state} if default else {}),
        "windowSeconds": MINUTE,
        "stepSeconds": SLOT,
        **_rates(context.deployed.meter.recent.now(*keys)),
        "versions": [_version(context, endpoint, name, history) for name in sorted(endpoint.versions)],
    }


def _version(context: Context, endpoint: Endpoint, name: str, history: bool) -> dict[str, Any]:
    recent, where = context.deployed.meter.recent, (endpoint.model.project, endpoint.model.name, name)
    record, deployment = endpoint.versions[name]
    moments = [{"time": time_text(when), **_rates(one)} for when, one in recent.history(where)] if history else []
    return {
        "name": name,
        "state": record.state,
        "deploymentUri": record.spec.deployment_uri,
        "trafficPercent": endpoint.model.shares.get(name, 0),
        **_rates(recent.now(where)),
        **_processes(record, deployment),
        **({"history": moments} if moments else {}),
    }


def _processes(record: VersionRecord, deployment: Deployment) -> dict[str, Any]:
    now, running = time.monotonic(), deployment.running()
    message = record.error_message or deployment.problem
    shown = [
        {
            "pid": worker.pid,
            "ready": worker.usable,
            "inFlight": worker.in_flight,
            "uptimeSeconds": math.floor(now - worker.started),
        }
        for worker in running
    ]
    told = {"errorMessage": message} if message else {}
    ready = sum(worker.usable for worker in running)
    return {**told, "workersWanted": record.spec.workers, "workersReady": ready, "workers": shown}


def _rates(figures: Figures) -> Mapping[str, Any]:
    times = {"latencyP50": figures.p50, "latencyP95": figures.p95}
    return {
        "requestsPerSecond": round(figures.requests_per_second, 3),
        "errorsPerSecond": round(figures.errors_per_second, 3),
        "refusedPerSecond": round(figures.refused_per_second, 3),
        **{name: round(seconds, 5) for name, seconds in times.items() if seconds is not None},
    }
