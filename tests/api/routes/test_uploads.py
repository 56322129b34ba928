"""The routes of uploads, as tus clients use them."""

import base64
import email.utils
import io
import socket
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from boxwright.uploads.arriving import Arriving, one_file
from boxwright.uploads.place import Place

UPLOADS = "/v1/projects/local/uploads"
TUS = {"Tus-Resumable": "1.0.0"}
BYTES = {**TUS, "Content-Type": "application/offset+octet-stream"}


@pytest.fixture(autouse=True)
def nothing_left(served: Any) -> Iterator[None]:
    yield
    admin = served.client("admin")
    for one in admin.get(UPLOADS, params={"pageSize": 100}).json().get("uploads", []):
        admin.delete(f"{UPLOADS}/{one['uploadId']}")


def named(name: str, key: str = "filename") -> str:
    return f"{key} {base64.b64encode(name.encode()).decode()}"


def begun(client: httpx.Client) -> str:
    return f"{UPLOADS}/{client.post(UPLOADS, json={'displayName': 'cells'}).json()['uploadId']}"


def announced(client: httpx.Client, upload: str, name: str, size: int) -> str:
    headers = {**TUS, "Upload-Length": str(size), "Upload-Metadata": named(name)}
    answer = client.post(f"{upload}/files", headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.headers["location"]


def finished(client: httpx.Client, upload: str) -> dict[str, Any]:
    assert client.post(f"{upload}:finish").json()["state"] in ("UNPACKING", "READY")
    end = time.monotonic() + 20
    while (found := client.get(upload).json())["state"] == "UNPACKING":
        assert time.monotonic() < end
        time.sleep(0.02)
    return dict(found)


def error_of(answer: httpx.Response) -> tuple[int, str, str]:
    error = answer.json()["error"]
    assert error["code"] == answer.status_code
    return answer.status_code, error["status"], error["message"]


def zipped(**contents: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return held.getvalue()


def test_a_zip_comes_in_parts_and_becomes_a_folder(served: Any) -> None:
    client = served.client("trainer")
    upload, content = begun(client), zipped(**{"cells/images/1.jpg": b"x" * 5000, "cells/.DS_Store": b"1"})
    place = announced(client, upload, "cells.zip", len(content))
    for start in range(0, len(content), 2000):
        part = content[start : start + 2000]
        answer = client.patch(place, headers={**BYTES, "Upload-Offset": str(start)}, content=part)
        assert (answer.status_code, answer.headers["upload-offset"]) == (204, str(start + len(part)))
        assert answer.headers["tus-resumable"] == "1.0.0"
        head = client.head(place, headers=TUS)
        assert (head.headers["upload-offset"], head.headers["upload-length"]) == (
            str(start + len(part)),
            str(len(content)),
        )
        assert head.headers["cache-control"] == "no-store"
        assert head.headers["upload-metadata"] == named("cells.zip")
        week = email.utils.parsedate_to_datetime(head.headers["upload-expires"]).timestamp() - time.time()
        assert 6.9 * 24 * 3600 < week < 7.1 * 24 * 3600
    assert client.get(f"{upload}/files").json()["files"] == [
        {
            "fileId": place.rpartition("/")[2],
            "name": "cells.zip",
            "sizeBytes": str(len(content)),
            "offset": str(len(content)),
        }
    ]
    found = finished(client, upload)
    assert (found["state"], found["fileCount"], found["sizeBytes"], found["leftOutCount"]) == (
        "READY",
        "1",
        "5000",
        "1",
    )
    assert (found["displayName"], found["owner"]) == ("cells", "a-trainer")
    assert (Path(found["path"]) / "images" / "1.jpg").read_bytes() == b"x" * 5000


def test_small_files_come_with_their_announcement(served: Any) -> None:
    client = served.client("trainer")
    upload = begun(client)
    for name in ("set/images/1.jpg", "set/labels/1.txt"):
        headers = {**BYTES, "Upload-Length": "3", "Upload-Metadata": named(name, "relativePath")}
        answer = client.post(f"{upload}/files", headers=headers, content=b"abc")
        assert (answer.status_code, answer.headers["upload-offset"]) == (201, "3")
    folder = Path(finished(client, upload)["path"])
    assert sorted(str(path.relative_to(folder)) for path in folder.rglob("*.*")) == ["images/1.jpg", "labels/1.txt"]


def test_a_plain_tus_client_needs_no_upload(served: Any) -> None:
    client = served.client("trainer")
    answer = client.options(UPLOADS)
    assert answer.status_code == 204
    assert answer.headers["tus-version"] == "1.0.0"
    assert answer.headers["tus-extension"] == "creation,creation-with-upload,termination,expiration"
    assert answer.headers["tus-max-size"] == "50000000000"
    headers = {**TUS, "Upload-Length": "2", "Upload-Metadata": f"is_private,{named('a.bin')}"}
    answer = client.post(UPLOADS, headers=headers)
    place = answer.headers["location"]
    assert (answer.status_code, answer.headers["upload-offset"]) == (201, "0")
    assert client.patch(place, headers={**BYTES, "Upload-Offset": "0"}, content=b"12").status_code == 204
    (upload,) = client.get(UPLOADS).json()["uploads"]
    assert upload["displayName"] == "a.bin" and place.startswith(f"{UPLOADS}/{upload['uploadId']}/files/")
    override = {**TUS, "X-HTTP-Method-Override": "DELETE"}
    assert client.post(place, headers=override).status_code == 204
    assert client.head(place, headers=TUS).status_code == 404


def test_patch_can_be_sent_as_post(served: Any) -> None:
    client = served.client("trainer")
    place = announced(client, begun(client), "a", 2)
    headers = {**BYTES, "Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}
    assert client.post(place, headers=headers, content=b"12").headers["upload-offset"] == "2"
    code, status, message = error_of(client.post(place, headers=TUS))
    assert (code, status) == (405, "UNIMPLEMENTED") and "X-HTTP-Method-Override" in message


def test_a_file_is_removed(served: Any) -> None:
    client = served.client("trainer")
    upload = begun(client)
    place = announced(client, upload, "a", 2)
    assert client.delete(place, headers=TUS).status_code == 204
    assert error_of(client.delete(place, headers=TUS))[:2] == (404, "NOT_FOUND")
    assert client.get(f"{upload}/files").json() == {}


@pytest.mark.parametrize(
    ("headers", "code", "words"),
    [
        ({"Upload-Offset": "1", **BYTES}, 409, "as far as byte 0"),
        ({"Upload-Offset": "0", **TUS}, 415, "Content-Type must be application/offset+octet-stream"),
        ({"Upload-Offset": "-1", **BYTES}, 400, "whole number from 0"),
        ({"Upload-Offset": "1" * 30, **BYTES}, 400, "whole number from 0"),
        (BYTES, 400, "whole number from 0"),
        ({**BYTES, "Upload-Offset": "0", "Tus-Resumable": "0.2.2"}, 412, "speak tus 1.0.0"),
        ({"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}, 412, "speak tus 1.0.0"),
    ],
)
def test_parts_that_do_not_fit_are_refused(served: Any, headers: dict[str, str], code: int, words: str) -> None:
    client = served.client("trainer")
    place = announced(client, begun(client), "a", 5)
    answer = client.patch(place, headers=headers, content=b"1")
    assert error_of(answer)[0] == code and words in error_of(answer)[2]
    assert answer.headers["tus-resumable"] == "1.0.0"
    assert client.head(place, headers=TUS).headers["upload-offset"] == "0"


def test_more_than_was_announced_is_refused(served: Any) -> None:
    client = served.client("trainer")
    place = announced(client, begun(client), "a", 2)
    answer = client.patch(place, headers={**BYTES, "Upload-Offset": "0"}, content=b"123")
    assert error_of(answer)[0] == 413 and "announced with 2 bytes" in error_of(answer)[2]


@pytest.mark.parametrize(
    ("length", "metadata", "words"),
    [
        ("", named("a"), "Upload-Length"),
        ("1.5", named("a"), "Upload-Length"),
        ("60000000000", named("a"), "at most 50,000,000,000 bytes"),
        ("900000000000000000", named("a"), "at most 50,000,000,000 bytes"),
        ("1", "filename ???", "key base64"),
        ("1", "filename /w==", "key base64"),
        ("1", "a" * 8193, "at most 8192 characters"),
        ("1", named("../../etc/passwd"), "may not lead out"),
        ("1", named("/etc/passwd"), "absolute"),
        ("1", named("a\0b"), "control characters"),
    ],
)
def test_announcements_that_cannot_be_are_refused(served: Any, length: str, metadata: str, words: str) -> None:
    client = served.client("trainer")
    upload = begun(client)
    headers = {**TUS, "Upload-Length": length, "Upload-Metadata": metadata}
    answer = client.post(f"{upload}/files", headers=headers)
    assert 400 <= answer.status_code < 500 and words in error_of(answer)[2]
    assert client.get(f"{upload}/files").json() == {}


def test_a_file_without_a_name_is_called_upload(served: Any) -> None:
    client = served.client("trainer")
    upload = begun(client)
    assert client.post(f"{upload}/files", headers={**TUS, "Upload-Length": "0"}).status_code == 201
    assert client.get(f"{upload}/files").json()["files"][0]["name"] == "upload"
    again = client.post(f"{upload}/files", headers={**TUS, "Upload-Length": "0"})
    assert error_of(again)[:2] == (409, "ALREADY_EXISTS")


def test_two_requests_do_not_write_one_file(served: Any) -> None:
    client = served.client("trainer")
    place = announced(client, begun(client), "a", 5)
    held = served.context.uploads.folder.glob("local/*/files/*[0-9a-f]")
    with _writing(next(iter(held))):
        answer = client.patch(place, headers={**BYTES, "Upload-Offset": "0"}, content=b"1")
    assert error_of(answer)[:2] == (423, "ABORTED") and "right now" in error_of(answer)[2]


def _writing(path: Path) -> Any:

    place = Place(path.parent.parent)
    return Arriving(place, one_file(place, path.name), 0)


def test_what_came_before_the_connection_broke_stays(served: Any) -> None:
    client = served.client("trainer")
    place = announced(client, begun(client), "a", 10_000)
    address = httpx.URL(served.url)
    lines = [f"PATCH {place} HTTP/1.1", f"Host: {address.host}", f"Authorization: {client.headers['authorization']}"]
    lines += [f"{name}: {value}" for name, value in BYTES.items()] + [
        "Upload-Offset: 0",
        "Content-Length: 10000",
        "",
        "",
    ]
    with socket.create_connection((address.host, address.port)) as connection:
        connection.sendall("\r\n".join(lines).encode() + b"x" * 4000)
        time.sleep(0.3)
    end = time.monotonic() + 10
    while (offset := client.head(place, headers=TUS).headers["upload-offset"]) == "0" and time.monotonic() < end:
        time.sleep(0.02)
    assert offset == "4000"
    answer = client.patch(place, headers={**BYTES, "Upload-Offset": "4000"}, content=b"y" * 6000)
    assert answer.headers["upload-offset"] == "10000"


def test_bytes_go_to_the_disk_while_they_come(served: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """One request is written in many blocks, none of which holds the whole."""
    monkeypatch.setattr("boxwright.api.routes.uploads.BLOCK", 10_000)
    client, blocks, write = served.client("trainer"), list[int](), Arriving.write
    monkeypatch.setattr(Arriving, "write", lambda self, data: (blocks.append(len(data)), write(self, data)))
    place = announced(client, begun(client), "a", 90_000)

    def parts() -> Iterator[bytes]:
        for _ in range(9):
            yield bytes(10_000)
            time.sleep(0.02)

    answer = client.patch(place, headers={**BYTES, "Upload-Offset": "0"}, content=parts())
    assert answer.headers["upload-offset"] == "90000"
    assert sum(blocks) == 90_000 and max(blocks) < 90_000
    too_large = client.patch(place, headers={**BYTES, "Upload-Offset": "90000"}, content=bytes(200_000))
    assert too_large.status_code == 413


def test_an_upload_is_not_shown_to_others(served: Any) -> None:
    client, admin = served.client("trainer"), served.client("admin")
    upload = begun(client)
    place = announced(client, upload, "a", 2)
    secret = served.context.tokens.create("someone-else", "trainer")
    with httpx.Client(base_url=served.url, headers={"Authorization": f"Bearer {secret}"}, trust_env=False) as other:
        refused = [
            other.get(upload),
            other.delete(upload),
            other.get(f"{upload}/files"),
            other.post(f"{upload}:finish"),
        ]
        refused.append(other.patch(place, headers={**BYTES, "Upload-Offset": "0"}, content=b"12"))
        refused.append(other.delete(place, headers=TUS))
        assert [one.status_code for one in refused] == [404] * 6
        assert other.head(place, headers=TUS).status_code == 404
        assert other.get(UPLOADS).json() == {}
        answer = other.post(f"{upload}/files", headers={**TUS, "Upload-Length": "1"})
        assert error_of(answer)[0] == 404
    assert admin.get(upload).json()["owner"] == "a-trainer"
    assert len(admin.get(UPLOADS).json()["uploads"]) == 1
    assert admin.delete(upload).json() == {}
    assert client.get(upload).status_code == 404


def test_who_may_not_train_may_not_upload(served: Any) -> None:
    viewer = served.client("viewer")
    upload = f"{UPLOADS}/u0123456789abcdef"
    answers = [viewer.post(UPLOADS, json={}), viewer.get(UPLOADS), viewer.get(upload), viewer.post(f"{upload}:finish")]
    answers += [viewer.post(f"{upload}/files", headers=TUS), viewer.get(f"{upload}/files"), viewer.options(UPLOADS)]
    answers += [viewer.patch(f"{upload}/files/x", headers=BYTES), viewer.delete(f"{upload}/files/x", headers=TUS)]
    answers += [viewer.delete(upload), viewer.post(f"{upload}/files/x", headers=TUS)]
    assert [one.status_code for one in answers] == [403] * 11
    assert viewer.head(f"{upload}/files/x", headers=TUS).status_code == 403
    assert httpx.get(served.url + UPLOADS, trust_env=False).status_code == 401


def test_another_site_cannot_upload_with_a_cookie(served: Any) -> None:
    """The browser sends the cookie along, and says where the page is from."""
    secret = served.context.sessions.open(served.context.tokens.create("browses", "trainer"))
    name = next(iter(httpx.post(f"{served.url}/v1/sessions", json={"token": _good(served)}, trust_env=False).cookies))
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}):
        with httpx.Client(base_url=served.url, cookies={name: secret}, headers=headers, trust_env=False) as page:
            answers = [page.post(UPLOADS, json={}), page.post(UPLOADS, headers={**TUS, "Upload-Length": "1"})]
            assert [one.status_code for one in answers] == [403, 403]
    with httpx.Client(
        base_url=served.url, cookies={name: secret}, headers={"Origin": served.url}, trust_env=False
    ) as page:
        assert page.post(UPLOADS, json={}).status_code == 200
    assert len(served.client("admin").get(UPLOADS).json()["uploads"]) == 1


def _good(served: Any) -> str:
    return str(served.context.tokens.create("signs-in", "viewer"))


def test_the_list_comes_in_pages(served: Any) -> None:
    client = served.client("trainer")
    ids = [client.post(UPLOADS, json={}).json()["uploadId"] for _ in range(3)]
    first = client.get(UPLOADS, params={"pageSize": 2}).json()
    second = client.get(UPLOADS, params={"pageSize": 2, "pageToken": first["nextPageToken"]}).json()
    assert [one["uploadId"] for one in first["uploads"] + second["uploads"]] == ids[::-1]
    assert "nextPageToken" not in second
    answer = client.get(UPLOADS, params={"pageToken": "bm8="})
    assert error_of(answer)[:2] == (400, "INVALID_ARGUMENT") and "nextPageToken" in error_of(answer)[2]


def test_a_body_that_is_none_is_refused(served: Any) -> None:
    client = served.client("trainer")
    assert error_of(client.post(UPLOADS, json={"path": "/etc"}))[2] == "path: unknown key"
    assert "200" in error_of(client.post(UPLOADS, json={"displayName": "x" * 201}))[2]
    upload = begun(client)
    assert error_of(client.post(f"{upload}:finish", json={"x": 1}))[2] == "x: unknown key"


def test_an_unsafe_zip_fails_in_words(served: Any) -> None:
    client = served.client("trainer")
    upload, content = begun(client), zipped(**{"../../evil.txt": b"x"})
    place = announced(client, upload, "bad.zip", len(content))
    client.patch(place, headers={**BYTES, "Upload-Offset": "0"}, content=content)
    found = finished(client, upload)
    assert found["state"] == "FAILED" and "may not lead out" in found["errorMessage"] and "path" not in found
    assert not list(served.folder.rglob("evil.txt"))


def test_many_requests_at_once_each_write_their_file(served: Any) -> None:
    client = served.client("trainer")
    upload = begun(client)

    def send(number: int) -> None:
        headers = {**BYTES, "Upload-Length": "1000", "Upload-Metadata": named(f"{number}.jpg")}
        client.post(f"{upload}/files", headers=headers, content=bytes([number]) * 1000)

    threads = [threading.Thread(target=send, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    folder = Path(finished(client, upload)["path"])
    assert {path.name: path.read_bytes()[0] for path in folder.iterdir()} == {f"{one}.jpg": one for one in range(12)}
