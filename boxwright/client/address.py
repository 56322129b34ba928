"""Where a control plane is."""

import ipaddress
import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from boxwright.spec.server import ServerSettings

DEFAULT_PROJECT = "local"


@dataclass(frozen=True)
class Address:
    """Where a control plane is, and as whom to speak to it; `token` is empty where none is known."""

    url: str
    project: str = DEFAULT_PROJECT
    token: str = ""


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
