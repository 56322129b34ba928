import hashlib
import logging
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from boxwright.models import hosted

CONTENT = bytes(range(256)) * 9000  # 2.3 MB: several chunks
NAME = f"net-{hashlib.sha256(CONTENT).hexdigest()[:8]}.pth"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.requests.append(self.path)
        answer = self.server.files.get(self.path.removeprefix("/"))
        if answer is None:
            self.send_error(404)
            return
        content, length = answer
        self.send_response(200)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


@pytest.fixture
def server(monkeypatch, tmp_path):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.files, server.requests = {}, []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setenv("BOXWRIGHT_CACHE", str(tmp_path))
    monkeypatch.setattr(hosted, "BASE_URL", f"http://127.0.0.1:{server.server_port}/")
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def left_behind(tmp_path):
    return [path.name for path in (tmp_path / "weights").iterdir()]


def test_downloads_once_then_uses_the_cache(server, tmp_path, caplog):
    server.files[NAME] = (CONTENT, len(CONTENT))
    caplog.set_level(logging.INFO)
    path = hosted.fetch(NAME)
    assert path == tmp_path / "weights" / NAME
    assert path.read_bytes() == CONTENT
    assert f"{NAME}: 2 of 2 MB" in caplog.text
    server.files.clear()
    assert hosted.fetch(NAME) == path
    assert len(server.requests) == 1
    assert left_behind(tmp_path) == [NAME]


def test_wrong_hash_is_refused(server, tmp_path):
    server.files[NAME] = (CONTENT[::-1], len(CONTENT))
    with pytest.raises(ValueError, match=f"{NAME} must have a SHA-256 that starts with {NAME[4:12]}, got"):
        hosted.fetch(NAME)
    assert left_behind(tmp_path) == []


def test_cut_off_download_is_refused(server, tmp_path):
    server.files[NAME] = (CONTENT[:1_500_000], len(CONTENT))
    with pytest.raises(ConnectionError, match=r"ended after 1,500,000 of 2,304,000 bytes|IncompleteRead"):
        hosted.fetch(NAME)
    assert left_behind(tmp_path) == []


@pytest.mark.usefixtures("server")
def test_absent_file_says_what_else_to_do(tmp_path):
    with pytest.raises(ConnectionError) as caught:
        hosted.fetch(NAME)
    message = str(caught.value)
    assert f"{hosted.BASE_URL}{NAME}: Not Found" in message
    assert str(tmp_path / "weights" / NAME) in message
    assert "backbone=efficientnet_lite0" in message
    assert "pretrained_checkpoint_path=none" in message
    assert left_behind(tmp_path) == []


@pytest.mark.usefixtures("server")
def test_no_network(monkeypatch, tmp_path):
    monkeypatch.setattr(hosted, "BASE_URL", "http://127.0.0.1:1/")
    with pytest.raises(ConnectionError, match="cannot download http://127.0.0.1:1/net-"):
        hosted.fetch(NAME)
    assert left_behind(tmp_path) == []


def test_file_placed_by_hand_is_checked(server, tmp_path):
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / NAME).write_bytes(b"something else")
    with pytest.raises(ValueError, match="delete it"):
        hosted.fetch(NAME)
    assert server.requests == []
