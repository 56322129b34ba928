"""Fetches pictures from addresses that clients name, and only from addresses that may be asked.

A name is resolved once, and the connection goes to the address that was looked at: a name that answers differently a
moment later (DNS rebinding) gains nothing. Each redirect is looked at in the same way.
"""

import asyncio
import functools
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urljoin, urlsplit

import httpx

from boxwright.serving.body import from_base64
from boxwright.serving.rejection import Rejection

Addresses = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

TIMEOUT = 10.0
"""Seconds for one picture, redirects included."""

REDIRECTS = 5

AT_A_TIME = 8
"""Pictures of one request that are fetched at the same time."""

REDIRECT = (301, 302, 303, 307, 308)

CLOUD = tuple(
    ipaddress.ip_network(text)
    for text in (
        "168.63.129.16/32",  # Azure's platform channel; other clouds answer on link-local addresses
        "64:ff9b::/96",  # NAT64: any IPv4 address in the clothes of a public one
        "64:ff9b:1::/48",
        "2002::/16",  # 6to4, likewise
        "2001::/32",  # Teredo, likewise
    )
)
"""Addresses that count as public, and lead to machines that are not."""


async def resolve(host: str, port: int) -> Sequence[str]:
    """The addresses of a name. Raises: OSError: there is none."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


def is_public(address: str) -> bool:
    """Whether an address is one of the public internet."""
    found: Addresses = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    known = any(found.version == network.version and found in network for network in CLOUD)
    return found.is_global and not (found.is_multicast or found.is_reserved or known)


@dataclass
class Budget:
    """Bytes that the pictures of one request may still have."""

    left: int

    def take(self, count: int) -> None:
        """Raises: Rejection: 413, nothing is left."""
        self.left -= count
        if self.left < 0:
            raise Rejection(413, "the pictures have more bytes than a request may have (--max-request-bytes)")


@dataclass(frozen=True)
class Fetcher:
    """Fetches pictures for requests.

    Attributes:
        mode: `none`; `public`, only from the public internet; `all`.
        max_bytes: of all pictures of a request.
        trusted: URL of a server that may be asked in every mode, such as `http://label-studio:8080`.
        headers: that a server is sent, by its URL.
        resolve: finds the addresses of a name.
    """

    mode: Literal["none", "public", "all"]
    max_bytes: int
    trusted: str = ""
    headers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    resolve: Resolve = resolve

    async def fetch_all(self, urls: Sequence[str]) -> list[bytes]:
        """The bytes of several pictures.

        Args:
            urls: `http://`, `https://`, or `data:` with base64.

        Raises:
            Rejection: 400 an address that may not be asked or does not answer; 413 too many bytes.
        """
        pictures = []
        for one in await self.fetch_each(urls):
            if isinstance(one, Rejection):
                raise one
            pictures.append(one)
        return pictures

    async def fetch_each(self, urls: Sequence[str]) -> list[bytes | Rejection]:
        """As `fetch_all`, with the rejection in the place of a picture that cannot be fetched."""
        budget, gate = Budget(self.max_bytes), asyncio.Semaphore(AT_A_TIME)

        async def fetch(client: httpx.AsyncClient, url: str) -> bytes | Rejection:
            async with gate:
                try:
                    return await self._fetch(client, url, budget)
                except Rejection as rejection:
                    return rejection

        # No proxy of the environment, which would connect to what was never looked at, and a connection for each
        # request: the next name at this address has another certificate.
        once = httpx.Limits(max_keepalive_connections=0)
        async with httpx.AsyncClient(trust_env=False, timeout=TIMEOUT, limits=once, verify=_certificates()) as client:
            return list(await asyncio.gather(*(fetch(client, url) for url in urls)))

    async def _fetch(self, client: httpx.AsyncClient, url: str, budget: Budget) -> bytes:
        if url.lower().startswith("data:"):
            return from_data(url)
        try:
            async with asyncio.timeout(TIMEOUT):
                return await self._follow(client, url, budget)
        except TimeoutError:
            raise Rejection(400, f"{_shown(url)} took longer than {TIMEOUT:g} s to answer") from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            raise Rejection(400, f"{_shown(url)} cannot be fetched: {error or type(error).__name__}") from error

    async def _follow(self, client: httpx.AsyncClient, url: str, budget: Budget) -> bytes:
        for _ in range(REDIRECTS + 1):
            request = await self._request(client, url)
            answer = await client.send(request, stream=True, follow_redirects=False)
            try:
                if answer.status_code in REDIRECT and "location" in answer.headers:
                    url = urljoin(url, answer.headers["location"])
                    continue
                if answer.status_code != 200:
                    raise Rejection(400, f"{_shown(url)} answers {answer.status_code} {answer.reason_phrase}")
                return await _read(answer, budget)
            finally:
                await answer.aclose()
        raise Rejection(400, f"{_shown(url)} redirects more than {REDIRECTS} times")

    async def _request(self, client: httpx.AsyncClient, url: str) -> httpx.Request:
        """A request that goes to the address that was looked at, whatever the name says later."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Rejection(400, f"pictures come from http://, https:// and data: addresses, got {_shown(url)}")
        headers = next((sent for server, sent in self.headers.items() if _is_of(url, server)), {})
        port = parts.port or (443 if parts.scheme == "https" else 80)
        address = await self._address(
            parts.hostname, port, url, trusted=bool(self.trusted) and _is_of(url, self.trusted)
        )
        target = httpx.URL(url).copy_with(host=address, username=None, password=None)
        default = port == (443 if parts.scheme == "https" else 80)
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        sent = {
            "Host": host if default else f"{host}:{port}",
            "Accept": "image/*",
            "Accept-Encoding": "identity",
            **(headers or {}),
        }
        return client.build_request("GET", target, headers=sent, extensions={"sni_hostname": parts.hostname})

    async def _address(self, host: str, port: int, url: str, *, trusted: bool) -> str:
        if self.mode == "none" and not trusted:
            raise Rejection(400, "this server fetches no pictures (--fetch); send them in the request")
        found = await self.resolve(host, port)
        if not found:
            raise Rejection(400, f"{_shown(url)}: there is no machine of this name")
        refused = [one for one in found if not is_public(one)]
        if self.mode == "public" and not trusted and refused:
            raise Rejection(
                400,
                f"{_shown(url)} is not on the public internet, and only that is asked for pictures; the server's "
                "--fetch=all allows it",
            )
        return found[0]


@functools.cache
def _certificates() -> ssl.SSLContext:
    """Reading the known authorities takes longer than most requests."""
    return httpx.create_ssl_context(trust_env=False)


def from_data(url: str) -> bytes:
    """The bytes of a `data:` URL. Raises: Rejection: 400, not one in base64."""
    head, comma, encoded = url.partition(",")
    if not comma or not head.lower().endswith(";base64"):
        raise Rejection(400, f"a data: URL of a picture reads data:image/jpeg;base64,..., got {url[:40]!r}")
    return from_base64(encoded, "the data: URL")


def _is_of(url: str, server: str) -> bool:
    """Whether a URL has the scheme, host and port of a server's."""
    one, other = urlsplit(url), urlsplit(server)
    return (one.scheme, one.hostname, one.port) == (other.scheme, other.hostname, other.port)


async def _read(answer: httpx.Response, budget: Budget) -> bytes:
    read = bytearray()
    async for part in answer.aiter_raw():
        budget.take(len(part))
        read += part
    return bytes(read)


def _shown(url: str) -> str:
    """A URL as messages name it: without a password or a query, which may hold secrets."""
    plain = url.partition("?")[0]
    start, at, rest = plain.rpartition("@")
    return repr((f"{start.partition('://')[0]}://{rest}" if at else plain)[:200])
