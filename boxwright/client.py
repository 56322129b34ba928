"""Talks to a control plane over HTTP: submits, reads, lists, cancels and relabels jobs, and follows their logs."""

import ipaddress
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import SplitResult, quote, urlsplit

import httpx

from boxwright.spec.resource import Fault
from boxwright.spec.server import ServerSettings

DEFAULT_PROJECT = "local"

TIMEOUT = 30.0
"""Seconds without an answer. A log that is followed gives at least a blank line every few seconds."""

PAGE_SIZE = 100
"""Jobs a page; the most that the service gives."""

FIRST_WAIT = 0.2
"""Seconds before a broken stream is tried again; each further attempt doubles it."""

UNAVAILABLE = (429, 502, 503, 504)
"""HTTP status of answers that may be different a moment later."""

RELABEL_ATTEMPTS = 5


class ServerError(ValueError):
    """What a server refused, and why.

    Attributes:
        code: HTTP status.
        status: Google's name for it, such as NOT_FOUND.
        message: the server's words.
        violations: fields that are at fault.
    """

    def __init__(self, code: int, status: str, message: str, violations: tuple[Fault, ...] = ()) -> None:
        super().__init__("\n".join([f"{status}: {message}", *(f"  {one}" for one in violations)]))
        self.code = code
        self.status = status
        self.message = message
        self.violations = violations


class Unreachable(ConnectionError):
    """No server answers at an address; says so with the way out."""


class _Interrupted(Exception):
    """A stream ended before its job did."""


@dataclass(frozen=True)
class Address:
    """Where a control plane is, and as whom to speak to it; `token` is empty where none is known."""

    url: str
    project: str = DEFAULT_PROJECT
    token: str = ""


@dataclass(frozen=True)
class LogLine:
    """One line of a job's log.

    Attributes:
        offset: where the next line begins, in bytes; following on from there repeats nothing.
        time: RFC 3339, UTC; empty for a line without one.
        text: of the line.
        severity, task, trial: as the server states them.
    """

    offset: int
    time: str
    text: str
    severity: str = "INFO"
    task: str = "master-replica-0"
    trial: str = ""


def find_server(server: str = "", project: str = "", data_dir: Path | None = None) -> Address:
    """The control plane to use: what is given, else BOXWRIGHT_SERVER, BOXWRIGHT_PROJECT and BOXWRIGHT_TOKEN.

    Without BOXWRIGHT_TOKEN, a server on this machine is given the token that it left in its `data_dir` (by default
    that of `ServerSettings`); it is sent nowhere else.

    Raises:
        ValueError: the address is no http:// or https:// URL.
    """
    settings = ServerSettings()
    default = f"http://{settings.host}:{settings.port}"
    url = (server or os.environ.get("BOXWRIGHT_SERVER", "") or default).rstrip("/")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or not _has_port(parts):
        raise ValueError(f"the server's address must be a URL such as {default}, got {url!r}")
    token = os.environ.get("BOXWRIGHT_TOKEN", "")
    if not token and _is_this_machine(parts.hostname):
        file = (data_dir or settings.data_dir).expanduser() / "token"
        token = file.read_text("utf-8").strip() if file.is_file() else ""
    return Address(url, project or os.environ.get("BOXWRIGHT_PROJECT", "") or DEFAULT_PROJECT, token)


def _has_port(parts: SplitResult) -> bool:
    try:
        return parts.port != 0
    except ValueError:  # no number, or too large
        return False


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Client:
    """One project of one control plane. To be used in a `with` statement.

    Every method raises `Unreachable` where no server answers, and `ServerError` where it refuses.
    """

    def __init__(self, address: Address, timeout: float = TIMEOUT) -> None:
        self.address = address
        headers = {"Authorization": f"Bearer {address.token}"} if address.token else {}
        direct = {f"all://{host}": None for host in ("localhost", "127.0.0.1", "[::1]")}  # proxies never lead there
        self._http = httpx.Client(base_url=address.url, headers=headers, timeout=timeout, mounts=direct)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._http.close()

    def uri(self, job_id: str) -> str:
        """The address of a job."""
        return f"{self.address.url}{self._path(job_id)}"

    def submit(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Queue a job. Returns: the job as the server holds it."""
        return self._ask("POST", self._path(), json=request)

    def get(self, job_id: str) -> dict[str, Any]:
        """The job as it is now."""
        return self._ask("GET", self._path(job_id))

    def jobs(self, where: str = "", page_size: int = PAGE_SIZE) -> Iterator[dict[str, Any]]:
        """All jobs, newest first, page after page as they are asked for.

        Args:
            where: filter, such as "state:FAILED AND labels.owner:anna"; everything where empty.
        """
        token = ""
        while True:
            asked = {"filter": where, "pageSize": str(page_size), "pageToken": token}
            page = self._ask("GET", self._path(), params={name: text for name, text in asked.items() if text})
            yield from page.get("jobs", ())
            token = page.get("nextPageToken", "")
            if not token:
                return

    def cancel(self, job_id: str) -> None:
        """Ask for a job to end; nothing happens where it has."""
        self._ask("POST", f"{self._path(job_id)}:cancel", json={})

    def relabel(self, job_id: str, change: Callable[[dict[str, str]], dict[str, str]]) -> dict[str, Any]:
        """Replace a job's labels by what `change` makes of them, also when others change them at the same time."""
        for attempt in range(1, RELABEL_ATTEMPTS + 1):
            job = self.get(job_id)
            body = {"labels": change(dict(job.get("labels", {}))), "etag": job["etag"]}
            try:
                return self._ask("PATCH", self._path(job_id), json=body, params={"updateMask": "labels,etag"})
            except ServerError as error:
                if error.status != "ABORTED" or attempt == RELABEL_ATTEMPTS:
                    raise
        raise AssertionError("the last attempt returns or raises")

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Ask for any resource of the project; `path` is what follows the project's, such as `models/cells`."""
        where = f"/v1/projects/{quote(self.address.project, safe='')}/{path}"
        return self._ask(method, where) if body is None else self._ask(method, where, json=body)

    def tokens(self) -> list[dict[str, Any]]:
        """All tokens without their secrets, revoked ones too."""
        found: list[dict[str, Any]] = self._ask("GET", "/v1/tokens").get("tokens", [])
        return found

    def create_token(self, name: str, role: str) -> str:
        """Make a token. Returns: its secret, which cannot be had again."""
        return str(self._ask("POST", "/v1/tokens", json={"name": name, "role": role})["token"])

    def revoke_token(self, name: str) -> None:
        """From now on the token is good for nothing."""
        self._ask("DELETE", f"/v1/tokens/{quote(name, safe='')}")

    def follow(
        self,
        job_id: str,
        offset: int = 0,
        *,
        longest_wait: float = 10.0,
        patience: float = 600.0,
        told: Callable[[str], None] = lambda _: None,
    ) -> Iterator[LogLine]:
        """The lines of a job's log, from byte `offset` on, as they are written, until the job has ended.

        A stream that breaks, or a server that restarts, is taken up again where it was left.

        Args:
            longest_wait: between attempts, in seconds.
            patience: seconds after which an unreachable server is given up.
            told: is given a sentence whenever the stream breaks.

        Raises:
            Unreachable: at the first attempt, or for longer than `patience`.
            ServerError: no such job, or no right to read it (any more).
        """
        wait, lost_at, reached = FIRST_WAIT, 0.0, False
        while True:
            try:
                for line in self._stream(job_id, offset):
                    reached, wait, lost_at = True, FIRST_WAIT, 0.0
                    if line is not None:
                        offset = line.offset
                        yield line
                return
            except (httpx.TransportError, _Interrupted) as error:
                if isinstance(error, httpx.ConnectError) and not reached:
                    raise self._unreachable(error) from error
                if not lost_at:
                    lost_at = time.monotonic()
                    told(f"connection to {self.address.url} lost ({error}); trying again")
                elif time.monotonic() - lost_at > patience:
                    raise self._unreachable(error) from error
            time.sleep(min(wait, longest_wait))
            wait = min(2 * wait, longest_wait)

    def _stream(self, job_id: str, offset: int) -> Iterator[LogLine | None]:
        """Lines until the job has ended; None for each sign of life between them."""
        query = {"offset": str(offset), "follow": "true"}
        with self._http.stream("GET", f"{self._path(job_id)}/log", params=query) as answer:
            if answer.is_error:
                answer.read()
                if answer.status_code in UNAVAILABLE:
                    raise _Interrupted(f"the server answers {answer.status_code}")
                raise _server_error(answer)
            for line in _lines(answer.iter_bytes()):
                values = _read_line(line)
                if values.get("state"):
                    return
                if values.get("error"):
                    refused = read_error(values["error"])
                    raise _Interrupted(refused.message) if refused.code in UNAVAILABLE else refused
                yield _log_line(values) if values else None
        raise _Interrupted("it closed the stream")

    def _path(self, job_id: str = "") -> str:
        path = f"/v1/projects/{quote(self.address.project, safe='')}/jobs"
        return f"{path}/{quote(job_id, safe='')}" if job_id else path

    def _ask(self, method: str, path: str, **body: Any) -> dict[str, Any]:
        try:
            answer = self._http.request(method, path, **body)
        except httpx.ConnectError as error:
            raise self._unreachable(error) from error
        except httpx.TransportError as error:
            raise Unreachable(
                f"the answer of {self.address.url} was lost ({error or type(error).__name__}); "
                "whether it did what was asked, `boxwright jobs list` says"
            ) from error
        if answer.is_error:
            raise _server_error(answer)
        try:
            values: dict[str, Any] = answer.json()
        except ValueError as error:
            raise ServerError(
                answer.status_code, "UNKNOWN", f"{self.address.url} answers, but is no Boxwright server; check --server"
            ) from error
        return values

    def _unreachable(self, error: Exception) -> Unreachable:
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            return Unreachable(
                f"the certificate of {self.address.url} is not trusted ({error}); name a file that holds it, or its "
                "authority's, in SSL_CERT_FILE"
            )
        return Unreachable(
            f"no server answers at {self.address.url} ({error}); start one with `boxwright server`, or name another "
            "with --server or BOXWRIGHT_SERVER"
        )


def _lines(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Complete lines; what follows the last line feed was cut off."""
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        yield from lines


def _read_line(line: bytes) -> dict[str, Any]:
    try:
        values: dict[str, Any] = json.loads(line) if line.strip() else {}
    except ValueError as error:
        raise _Interrupted(f"unreadable line {line[:80]!r}") from error
    return values


def _log_line(values: Mapping[str, Any]) -> LogLine:
    known = {name: str(values[name]) for name in ("severity", "task", "trial") if values.get(name)}
    return LogLine(int(values["offset"]), str(values["time"]), str(values["text"]), **known)


def _server_error(answer: httpx.Response) -> ServerError:
    try:
        return read_error(answer.json()["error"])
    except (ValueError, LookupError, TypeError, AttributeError):  # not in Google's shape: a proxy's page, for example
        return ServerError(answer.status_code, "UNKNOWN", f"HTTP {answer.status_code} {answer.reason_phrase}")


def read_error(error: Mapping[str, Any]) -> ServerError:
    """The error that an answer holds in the API's one shape of it."""
    violations = tuple(
        Fault(str(one.get("field", "")), str(one.get("description", "")))
        for detail in error.get("details", ())
        for one in detail.get("fieldViolations", ())
    )
    status, message = str(error.get("status", "UNKNOWN")), str(error.get("message", ""))
    return ServerError(int(error.get("code", 500)), status, message, violations)
