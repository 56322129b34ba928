"""The machine of the server, what runs on it, and what its disks hold."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import Field

import boxwright
from boxwright.api.deps import Given, Trainer, Viewer
from boxwright.api.resources import time_text
from boxwright.runners.host import host_name, load_now
from boxwright.spec.resource import Resource

router = APIRouter(prefix="/v1", tags=["server"])


class GpuLoad(Resource):
    """A graphics card."""

    name: str
    busy_percent: float = Field(description="of the time, in the last second or so")
    memory_bytes: str = Field(description="int64 as text")
    used_memory_bytes: str = Field(description="int64 as text")


class RunningJob(Resource):
    """A job that is being worked on."""

    project: str
    job_id: str
    state: str
    host: str = Field("", description="of its process")
    start_time: str = Field("", description="RFC 3339 in UTC")


class MachineState(Resource):
    """What the server's machine has, how busy it is, and what runs."""

    host: str
    version: str = Field(description="of Boxwright")
    cores: int
    memory_bytes: str = Field(description="int64 as text")
    free_memory_bytes: str = Field(description="int64 as text; that processes may still take")
    busy_percent: float = Field(description="of all cores")
    load_average: float = Field(description="processes that run or wait to run, over a minute")
    gpus: tuple[GpuLoad, ...] = ()
    jobs: tuple[RunningJob, ...] = Field((), description="on any machine of this queue")


class DiskState(Resource):
    """The disk of a root."""

    path: str
    free_bytes: str = Field(description="int64 as text")
    total_bytes: str = Field(description="int64 as text")


class ProjectStorage(Resource):
    """What a project has on the disks; int64 as text."""

    project: str
    jobs_bytes: str = Field(description="folders of jobs without their models")
    models_bytes: str = Field(description="trained models in the folders of their jobs")
    datasets_bytes: str = Field(description="data sets that the server keeps itself")
    uploads_bytes: str = Field(description="uploads that no data set has taken yet")


class StorageState(Resource):
    """What the disks hold."""

    measure_time: str = Field(description="when it was measured; RFC 3339 in UTC")
    complete: bool = Field(description="false where there was no time to measure everything")
    disks: tuple[DiskState, ...] = ()
    projects: tuple[ProjectStorage, ...] = ()


@router.get("/machine", summary="Tell what the machine has and how busy it is", response_model=MachineState)
def get_machine(_: Viewer, context: Given) -> Any:
    """With the jobs of all projects that are being worked on."""
    machine, load = context.limits.machine, load_now()
    gpus = [
        {
            "name": one.name,
            "busyPercent": one.busy,
            "memoryBytes": str(one.memory),
            "usedMemoryBytes": str(one.used),
        }
        for one in load.gpus
    ]
    jobs = [
        {
            "project": one.project,
            "jobId": one.job_id,
            "state": one.state,
            **({"host": one.host} if one.host else {}),
            **({"startTime": time_text(one.start_time)} if one.start_time else {}),
        }
        for one in context.jobs.active()
    ]
    found: dict[str, Any] = {
        "host": host_name(),
        "version": boxwright.__version__,
        "cores": machine.cores,
        "memoryBytes": str(machine.memory),
        "freeMemoryBytes": str(load.free_memory),
        "busyPercent": load.busy,
        "loadAverage": load.average,
    }
    return JSONResponse(found | {name: value for name, value in (("gpus", gpus), ("jobs", jobs)) if value})


@router.get("/storage", summary="Tell what the disks hold", response_model=StorageState)
def get_storage(_: Trainer, context: Given) -> Any:
    """By project; measured once a minute at most. Jobs in object stores are not counted."""
    usage = context.storage.usage()
    disks = [{"path": one.path, "freeBytes": str(one.free), "totalBytes": str(one.total)} for one in usage.disks]
    projects = [
        {"project": name, **{f"{part}Bytes": str(size) for part, size in parts.items()}}
        for name, parts in sorted(usage.projects.items())
    ]
    return JSONResponse(
        {"measureTime": time_text(usage.time), "complete": usage.complete, "disks": disks, "projects": projects}
    )
