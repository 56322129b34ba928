"""Headers that belong to one connection stay with it."""

from boxwright.endpoints.message import NOT_TO_CLIENTS, NOT_TO_WORKERS, without


def test_what_workers_are_not_told() -> None:
    given = [
        (b"Host", b"example.org"),
        (b"Authorization", b"Bearer bw_x"),
        (b"Cookie", b"a=b"),
        (b"Content-Length", b"3"),
        (b"Connection", b"keep-alive, X-Once"),
        (b"X-Once", b"1"),
        (b"Transfer-Encoding", b"chunked"),
        (b"Content-Type", b"image/jpeg"),
        (b"X-Mine", b"1"),
        (b"X-Mine", b"2"),
    ]
    assert without(given, NOT_TO_WORKERS) == ((b"content-type", b"image/jpeg"), (b"x-mine", b"1"), (b"x-mine", b"2"))


def test_what_clients_are_not_told() -> None:
    given = [(b"Server", b"x"), (b"Date", b"now"), (b"Content-Encoding", b"gzip"), (b"Retry-After", b"1")]
    assert without(given, NOT_TO_CLIENTS) == ((b"content-encoding", b"gzip"), (b"retry-after", b"1"))
