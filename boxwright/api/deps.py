"""What routes are given: the store, who asks, and the JSON of the request."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path as FilePath
from typing import Annotated, Any

from fastapi import Depends, Path, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from boxwright import files, json_object
from boxwright.admission import Limits
from boxwright.api.cookie import session_of
from boxwright.api.errors import Refusal
from boxwright.bench.bench import Bench
from boxwright.catalogue.catalogue import Catalogue
from boxwright.endpoints.deployed import Deployed
from boxwright.estimates.measuring import Estimates
from boxwright.spec.deployment import MODEL_NAME, VERSION_NAME
from boxwright.spec.job import FINAL_STATES, JOB_ID
from boxwright.storage import Storage
from boxwright.store.jobs import JobStore
from boxwright.store.records import JobMissing
from boxwright.store.sessions import SessionStore
from boxwright.store.tokens import Role, TokenRecord, TokenStore
from boxwright.uploads.shelf import Uploads

PROJECT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
"""Names of projects; they are names of folders as well."""

UNSTORABLE = re.compile(rb"\\u(?:0000|d[89a-f][0-9a-f]{2})", re.IGNORECASE)
"""Escapes of characters that not every database can hold: NUL and surrogates."""

SURROGATE_PAIR = re.compile(rb"\\ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2}", re.IGNORECASE)


@dataclass(frozen=True)
class Context:
    """What the API works on.

    Attributes:
        jobs: the queue.
        tokens: who may do what.
        sessions: of browsers that have signed in.
        deployed: models, their versions, and the processes that serve them.
        limits: what jobs may ask for; `previous` and the project's part of `default_root` are filled in by request.
        max_request_bytes: the largest request.
        max_upload_bytes: the largest file that can be uploaded, and the largest unpacked upload.
        default_project: of endpoints whose names hold none.
    """

    jobs: JobStore
    tokens: TokenStore
    sessions: SessionStore
    deployed: Deployed
    limits: Limits
    max_request_bytes: int = 10_000_000
    max_upload_bytes: int = 50_000_000_000
    default_project: str = "local"

    @cached_property
    def data_dir(self) -> FilePath:
        """Folder of everything that the server keeps for itself; the jobs that name no folder are in it, too."""
        return FilePath(self.limits.default_root).parent

    @cached_property
    def uploads(self) -> Uploads:
        """Files that come through the browser."""
        return Uploads(self.data_dir / "uploads", self.max_upload_bytes)

    @cached_property
    def storage(self) -> Storage:
        """What the disks hold."""
        roots = (*self.limits.roots, self.limits.default_root)
        return Storage(self.jobs.folders, self.catalogue.store.folders, self.uploads.folder, roots)

    @cached_property
    def estimates(self) -> Estimates:
        """What jobs will cost."""
        return Estimates()

    @cached_property
    def bench(self) -> Bench:
        """Where trained models are measured on labelled data."""
        roots = (*self.limits.roots, self.limits.default_root, str(self.data_dir / "datasets"))
        return Bench(self.data_dir / "evaluations", roots)

    @cached_property
    def catalogue(self) -> Catalogue:
        """Data sets."""
        roots = (*self.limits.roots, self.limits.default_root)
        return Catalogue.over(self.deployed.models.engine, self.data_dir / "datasets", roots)


async def context_of(request: Request) -> Context:
    """The context of the app that answers a request."""
    context: Context = request.app.state.context
    return context


Given = Annotated[Context, Depends(context_of)]

bearer = HTTPBearer(auto_error=False, description="A token made by `boxwright tokens create` or at the first start.")

AWS_CREDENTIALS = re.compile(r"AWS4-HMAC-SHA256 +Credential=([^/, ]+)/")
"""What AWS's clients send; the id of the access key is the token, and what is signed is not looked at."""


async def _credentials(
    request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]
) -> HTTPAuthorizationCredentials | None:
    if given:
        return given
    signed = AWS_CREDENTIALS.match(request.headers.get("authorization", ""))
    if signed:
        return HTTPAuthorizationCredentials(scheme="AWS4-HMAC-SHA256", credentials=signed[1])
    session = session_of(request)
    return HTTPAuthorizationCredentials(scheme="Cookie", credentials=session) if session else None


Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_credentials)]


def authenticate(context: Given, credentials: Credentials) -> TokenRecord:
    """Who asks. Raises: Refusal: no token, or one that does not count (any more)."""
    token = context.tokens.check(credentials.credentials) if credentials else None
    if token is None:
        what = "this token is unknown or revoked" if credentials else "a token is needed"
        if credentials and credentials.scheme == "Cookie":
            what = "this session is over: sign in again"
        raise Refusal(
            "UNAUTHENTICATED",
            f"{what}; send the header 'Authorization: Bearer TOKEN' (command line: BOXWRIGHT_TOKEN)",
            headers={"WWW-Authenticate": "Bearer"},
        )
    return token


def at_least(role: Role) -> Callable[[TokenRecord], Awaitable[TokenRecord]]:
    """A dependency that lets only tokens of this role and higher ones pass."""

    # Asynchronous like all dependencies that do not block: each blocking one waits for a thread of its own, which on a
    # busy machine costs more than its work.
    async def check(token: Annotated[TokenRecord, Depends(authenticate)]) -> TokenRecord:
        if not token.may(role):
            raise Refusal(
                "PERMISSION_DENIED",
                f"this needs a token of role {role} or higher, and {token.name!r} is of role {token.role}",
            )
        return token

    return check


Viewer = Annotated[TokenRecord, Depends(at_least("viewer"))]
Trainer = Annotated[TokenRecord, Depends(at_least("trainer"))]
Admin = Annotated[TokenRecord, Depends(at_least("admin"))]


async def _project(project: Annotated[str, Path(description="A name of your choice that holds jobs together.")]) -> str:
    if not PROJECT.fullmatch(project):
        rule = "a project's name is 1 to 63 letters, digits, dots, dashes and underscores, and starts with a letter"
        raise Refusal.of_field("project", f"{rule} or digit; got {project!r}")
    return project


Project = Annotated[str, Depends(_project)]


async def _job_id(
    project: Project, job_id: Annotated[str, Path(description="The job's id, unique in its project.")]
) -> str:
    if not JOB_ID.fullmatch(job_id):
        raise Refusal("NOT_FOUND", f"project {project!r} has no job {job_id!r}")
    return job_id


JobId = Annotated[str, Depends(_job_id)]


async def _model(project: Project, model: Annotated[str, Path(description="The model's name.")]) -> str:
    if not MODEL_NAME.fullmatch(model):
        raise Refusal("NOT_FOUND", f"project {project!r} has no model {model!r}")
    return model


ModelName = Annotated[str, Depends(_model)]


async def _version(model: ModelName, version: Annotated[str, Path(description="The version's name.")]) -> str:
    if not VERSION_NAME.fullmatch(version):
        raise Refusal("NOT_FOUND", f"model {model!r} has no version {version!r}")
    return version


VersionName = Annotated[str, Depends(_version)]


async def read_object(request: Request) -> dict[str, Any]:
    """The JSON object that a request carries; empty where it carries nothing. Raises: Refusal."""
    text = await request.body()
    try:
        value = json_object.parse(text)
    except ValueError as error:
        raise Refusal("INVALID_ARGUMENT", str(error)) from error
    if UNSTORABLE.search(SURROGATE_PAIR.sub(b"", text)):
        raise Refusal("INVALID_ARGUMENT", "texts may not hold NUL characters or halves of surrogate pairs")
    return value


Body = Annotated[dict[str, Any], Depends(read_object)]
"""State it after the role, which is checked first."""


def limits_of(project: str, context: Context) -> Limits:
    """What jobs of a project may ask for: a folder of its own, earlier jobs, and models deployed in any project."""
    return replace(
        context.limits,
        default_root=files.join(context.limits.default_root, project),
        previous=lambda name: finished_dir(context.jobs, project, name),
        deployed=lambda name: deployed_folder(context.deployed, name),
    )


def deployed_folder(deployed: Deployed, name: str) -> str:
    """Folder of a version, "projects/P/models/M/versions/V", or of a model's default one, "projects/P/models/M".

    Raises:
        LookupError: there is no such model or version, or the model has no version yet.
    """
    _, project, _, model, *version = name.split("/")
    chosen = version[1] if version else deployed.models.get(project, model).default_version
    if not chosen:
        raise LookupError(f"model {model} has no version yet; deploy one, or name the model's folder in uri")
    record = deployed.versions.get(project, model, chosen)
    return str((record.served or record.request)["deploymentUri"])


def finished_dir(jobs: JobStore, project: str, job_id: str) -> str:
    """Folder of a finished job. Raises: LookupError."""
    try:
        record = jobs.get(project, job_id)
    except JobMissing as error:
        raise LookupError(f"project {project} has no job {job_id!r}") from error
    if record.state not in FINAL_STATES:
        raise LookupError(f"job {job_id} has not ended: it is {record.state}")
    return record.job_dir
