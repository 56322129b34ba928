"""Pictures from addresses: what is asked, and what never is."""

import asyncio
import base64
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

import pytest

from boxwright.serving import fetch
from boxwright.serving.fetch import Fetcher, from_data, is_public
from boxwright.serving.rejection import Rejection

PICTURE = b"\xff\xd8picture"


def fetched(fetcher: Fetcher, *urls: str) -> list[bytes]:
    return asyncio.run(fetcher.fetch_all(urls))


def refusal(fetcher: Fetcher, *urls: str) -> Rejection:
    with pytest.raises(Rejection) as refused:
        fetched(fetcher, *urls)
    return refused.value


def resolving(*addresses: str) -> Any:
    async def resolve(host: str, port: int) -> Sequence[str]:  # noqa: ARG001
        return addresses

    return resolve


@pytest.mark.parametrize("address", ["93.184.216.34", "8.8.8.8", "2606:4700::1111"])
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        *(
            "127.0.0.1",
            "127.8.9.1",
            "0.0.0.0",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "100.64.0.1",
            "255.255.255.255",
        ),
        *("169.254.169.254", "100.100.100.200", "168.63.129.16", "224.0.0.1", "240.0.0.1", "192.0.2.1", "198.18.0.1"),
        *("::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:7f00:1::"),
    ],
)
def test_addresses_of_one_s_own_network_and_of_clouds_are_not(address: str) -> None:
    assert not is_public(address)


def test_pictures_come_in_the_order_of_their_addresses(pictures_at: Callable[..., str]) -> None:
    url = pictures_at({f"/{number}": (200, {}, PICTURE + bytes([number])) for number in range(20)})
    found = fetched(Fetcher("all", 10_000), *(f"{url}/{number}" for number in range(20)))
    assert found == [PICTURE + bytes([number]) for number in range(20)]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1", "127.1"])
def test_this_machine_is_not_asked_under_any_of_its_names(pictures_at: Callable[..., str], host: str) -> None:
    asked: list[Any] = []
    port = urlsplit(pictures_at({"/a": (200, {}, PICTURE)}, asked)).port
    refused = refusal(Fetcher("public", 1000), f"http://{host}:{port}/a")
    assert (refused.status, asked) == (400, [])


def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    refused = refusal(Fetcher("public", 1000, resolve=resolving("8.8.8.8", "10.0.0.1")), "http://example.com/a")
    assert "not on the public internet" in refused.message


def test_the_connection_goes_to_the_address_that_was_looked_at(
    pictures_at: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    port = urlsplit(pictures_at({"/a": (200, {}, PICTURE)}, asked)).port
    monkeypatch.setattr(fetch, "is_public", lambda _: True)
    found = fetched(Fetcher("public", 1000, resolve=resolving("127.0.0.1")), f"http://pictures.example:{port}/a?b=c")
    assert found == [PICTURE]
    ((path, headers),) = asked
    assert (path, headers["host"]) == ("/a", f"pictures.example:{port}")
    assert "authorization" not in headers


def test_a_redirect_is_looked_at_like_an_address(
    pictures_at: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    inner: list[Any] = []
    private = pictures_at({"/secret": (200, {}, b"secret")}, inner)
    outer = pictures_at(
        {
            "/a": (302, {"location": f"{private}/secret"}, b""),
            "/b": (302, {"location": "/c"}, b""),
            "/c": (200, {}, PICTURE),
        }
    )
    ports = {urlsplit(private).port: "10.0.0.1", urlsplit(outer).port: "127.0.0.1"}

    async def resolve(_: str, port: int) -> Sequence[str]:
        return [ports[port]]

    monkeypatch.setattr(fetch, "is_public", lambda address: address == "127.0.0.1")
    fetcher = Fetcher("public", 1000, resolve=resolve)
    assert fetched(fetcher, f"{outer}/b") == [PICTURE]
    assert "not on the public internet" in refusal(fetcher, f"{outer}/a").message
    assert inner == []


def test_redirects_end(pictures_at: Callable[..., str]) -> None:
    url = pictures_at({"/a": (302, {"location": "/a"}, b"")})
    assert "redirects more than 5 times" in refusal(Fetcher("all", 1000), f"{url}/a").message


def test_nothing_is_fetched_where_that_is_asked_for() -> None:
    assert "--fetch" in refusal(Fetcher("none", 1000), "http://example.com/a").message
    assert fetched(Fetcher("none", 1000), "data:image/png;base64,YWJj") == [b"abc"]


def test_all_pictures_together_have_a_limit(pictures_at: Callable[..., str]) -> None:
    url = pictures_at({"/a": (200, {}, b"x" * 600)})
    assert fetched(Fetcher("all", 600), f"{url}/a") == [b"x" * 600]
    assert refusal(Fetcher("all", 1199), f"{url}/a", f"{url}/a").status == 413


def test_a_compressed_answer_does_not_grow(pictures_at: Callable[..., str]) -> None:
    asked: list[Any] = []
    url = pictures_at({"/a": (200, {"content-encoding": "gzip"}, b"x" * 50)}, asked)
    assert fetched(Fetcher("all", 50), f"{url}/a") == [b"x" * 50]
    assert asked[0][1]["accept-encoding"] == "identity"


def test_the_trusted_server_is_asked_in_every_mode_and_is_told_who_asks(pictures_at: Callable[..., str]) -> None:
    asked: list[Any] = []
    other = pictures_at({"/b": (200, {}, PICTURE)}, asked)
    url = pictures_at({"/a": (200, {}, PICTURE), "/away": (302, {"location": f"{other}/b"}, b"")}, asked)
    headers = {url: {"Authorization": "Token secret"}}
    assert fetched(Fetcher("none", 1000, trusted=url, headers=headers), f"{url}/a") == [PICTURE]
    assert asked.pop()[1]["authorization"] == "Token secret"
    refusal(Fetcher("none", 1000, trusted=url, headers=headers), f"{other}/b")
    fetched(Fetcher("all", 1000, trusted=url, headers=headers), f"{url}/away")
    assert "authorization" not in asked.pop()[1]


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "http://, https:// and data:"),
        ("file:///etc/passwd", "http://, https:// and data:"),
        ("s3://bucket/a.jpg", "http://, https:// and data:"),
        ("http://", "http://, https:// and data:"),
        ("http://[::1", "cannot be fetched"),
        ("http://example.com:99999/", "cannot be fetched"),
        ("http://exa mple.com\x00/", "cannot be fetched"),
        ("http://127.0.0.1:1/user", "cannot be fetched"),
    ],
)
def test_an_address_at_fault_is_refused(url: str, said: str) -> None:
    refused = refusal(Fetcher("all", 1000), url)
    assert (refused.status, said in refused.message) == (400, True), refused.message


def test_messages_hold_no_secrets() -> None:
    refused = refusal(Fetcher("none", 1000), "http://user:password@example.com/a?token=secret")
    assert "password" not in refused.message + str(refusal(Fetcher("all", 1), "ftp://u:password@h/?secret").message)
    assert "secret" not in refused.message


def test_a_name_without_an_address_is_refused() -> None:
    assert "no machine of this name" in refusal(Fetcher("all", 1, resolve=resolving()), "http://example.com/").message


def test_a_slow_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(_: str, __: int) -> Sequence[str]:
        await asyncio.sleep(60)
        raise AssertionError

    monkeypatch.setattr(fetch, "TIMEOUT", 0.05)
    assert "took longer" in refusal(Fetcher("all", 1000, resolve=never), "http://example.com/").message


def test_data_urls() -> None:
    encoded = base64.b64encode(PICTURE).decode()
    assert from_data(f"data:image/jpeg;base64,{encoded}") == PICTURE
    for bad in ("data:image/jpeg,abc", "data:;base64", "data:;base64,?"):
        with pytest.raises(Rejection):
            from_data(bad)
