"""Sockets, certificates and uvicorn: what every process that answers HTTP starts and ends with."""

import contextlib
import os
import signal
import socket
import ssl
from collections.abc import Callable, Iterator

import uvicorn


class Server(uvicorn.Server):
    """uvicorn's, which says when it listens, is told before it stops, and leaves signals be afterwards.

    Args:
        config: of uvicorn.
        ready: called once it listens.
        ending: called when it is about to stop, before it waits for requests under way.
    """

    def __init__(
        self, config: uvicorn.Config, ready: Callable[[], None], ending: Callable[[], None] = lambda: None
    ) -> None:
        super().__init__(config)
        self._ready, self._ending = ready, ending

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._ending()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """uvicorn's own raises the signal again in the end, which would make an error of an orderly one."""
        numbers = (signal.SIGTERM, signal.SIGINT)
        before = {number: signal.signal(number, self.handle_exit) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def check_tls(certificate: str, key: str) -> None:
    """Raises: ValueError: certificate and key are not both there, or do not belong together."""
    if bool(certificate) != bool(key):
        raise ValueError("--certificate and --key belong together: give both, or neither")
    if certificate:
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
        except OSError as error:
            files = f"{certificate} and {key}"
            raise ValueError(f"{files} must be a certificate chain and its key, both PEM: {error}") from error


@contextlib.contextmanager
def listen(host: str, port: int) -> Iterator[socket.socket]:
    """A socket that listens. Raises: OSError: the address is taken or not this machine's."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise OSError(
            f"cannot listen on {host}:{port} ({error.strerror or error}); choose another --host or --port"
        ) from error
    with listener:
        yield listener


@contextlib.contextmanager
def listen_locally(path: str) -> Iterator[socket.socket]:
    """A Unix socket that listens, for this user only; its file is removed in the end. Raises: OSError."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    with socket.socket(socket.AF_UNIX) as listener:
        before = os.umask(0o177)
        try:
            listener.bind(path)
        except OSError as error:
            raise OSError(f"cannot listen on the Unix socket {path}: {error.strerror or error}") from error
        finally:
            os.umask(before)
        listener.listen(2048)
        try:
            yield listener
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)


def address_of(host: str, listener: socket.socket, *, tls: bool) -> str:
    """URL of a server, with the port that it got."""
    shown = f"[{host}]" if ":" in host else host
    return f"http{'s' if tls else ''}://{shown}:{listener.getsockname()[1]}"


def is_private(host: str) -> bool:
    """Whether only this machine can reach what listens there."""
    return host in ("127.0.0.1", "::1", "localhost")
