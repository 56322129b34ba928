"""Talks to a control plane over HTTP: submits, reads, lists, cancels and relabels jobs, and follows their logs."""

import time
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx

from boxwright.client.address import Address
from boxwright.client.errors import ServerError, Unreachable, read_error, server_error
from boxwright.client.lines import Interrupted, LogLine, log_line, read_line, whole_lines

TIMEOUT = 30.0
"""Seconds without an answer. A log that is followed gives at least a blank line every few seconds."""

PAGE_SIZE = 100
"""Jobs a page; the most that the service gives."""

FIRST_WAIT = 0.2
"""Seconds before a broken stream is tried again; each further attempt doubles it."""

UNAVAILABLE = (429, 502, 503, 504)
"""HTTP status of answers that may be different a moment later."""

RELABEL_ATTEMPTS = 5


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
            except (httpx.TransportError, Interrupted) as error:
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
                    raise Interrupted(f"the server answers {answer.status_code}")
                raise server_error(answer)
            for line in whole_lines(answer.iter_bytes()):
                values = read_line(line)
                if values.get("state"):
                    return
                if values.get("error"):
                    refused = read_error(values["error"])
                    raise Interrupted(refused.message) if refused.code in UNAVAILABLE else refused
                yield log_line(values) if values else None
        raise Interrupted("it closed the stream")

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
            raise server_error(answer)
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
