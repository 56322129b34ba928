"""Serves the page, and calls the function for it: what a web server and an API gateway do in the cloud.

    boxwright serve runs/cells/model --name=cells
    python examples/webapp/gateway.py --endpoint-name=cells

Then open http://127.0.0.1:8000. A camera's picture needs https:// on some phones; put a proxy with a certificate before
it. Where the model wants a token, it is read from the variable AWS_ACCESS_KEY_ID.
"""

import argparse
import base64
import contextlib
import hashlib
import os
import re
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from handler import handler

PAGE = (Path(__file__).parent / "index.html").read_bytes()
MOST_BYTES = 6_000_000


def digest(tag: str) -> str:
    """What the policy calls the page's own script or style."""
    inside = re.search(rf"<{tag}>(.*?)</{tag}>".encode(), PAGE, re.DOTALL)
    assert inside is not None, f"the page has a {tag}"
    return f"'sha256-{base64.b64encode(hashlib.sha256(inside.group(1)).digest()).decode()}'"


POLICY = (
    f"default-src 'none'; script-src {digest('script')}; style-src {digest('style')}; img-src 'self' data: blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class Gateway(BaseHTTPRequestHandler):
    """Answers one request."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """The page."""
        if self.path.partition("?")[0] not in ("/", "/index.html"):
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        self.reply(200, {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": POLICY}, PAGE)

    def do_POST(self) -> None:
        """The function."""
        length = self.headers.get("Content-Length", "")
        if self.path != "/detect" or not length.isdigit() or int(length) > MOST_BYTES:
            self.close_connection = True
            self.send_error(HTTPStatus.NOT_FOUND if self.path != "/detect" else HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return
        body = base64.b64encode(self.rfile.read(int(length))).decode()
        event = {"httpMethod": "POST", "path": self.path, "headers": dict(self.headers.items()), "body": body}
        said = handler({**event, "isBase64Encoded": True}, None)
        self.reply(said["statusCode"], said["headers"], said["body"].encode())

    def reply(self, status: int, headers: dict[str, str], body: bytes) -> None:
        """Send an answer."""
        self.send_response(status)
        for name, text in {**headers, "Content-Length": str(len(body)), "X-Content-Type-Options": "nosniff"}.items():
            self.send_header(name, text)
        self.end_headers()
        with contextlib.suppress(ConnectionError):  # the visitor has gone on
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing of each request."""


def main() -> None:
    """Serve until Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--endpoint-name", default=os.environ.get("ENDPOINT_NAME", "model"))
    parser.add_argument("--endpoint-url", default="http://127.0.0.1:8080", help="of `boxwright serve`")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    given = parser.parse_args()
    os.environ["ENDPOINT_NAME"] = given.endpoint_name
    os.environ["AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME"] = given.endpoint_url
    # boto3 signs every request; a model without a token does not look at it.
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        os.environ.setdefault(name, "local")
    with ThreadingHTTPServer((given.host, given.port), Gateway) as server:
        print(f"Open http://{given.host}:{server.server_port}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
