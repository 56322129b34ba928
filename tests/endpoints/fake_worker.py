"""Stands in for `boxwright serve MODEL`: starts in a moment, and misbehaves as the model's folder says.

`fault.json` in the folder may hold `message` (printed before it ends with status 1), `status` (signal that it ends
by), `slow` (seconds before it listens), `seconds` (that each request takes), and `deaf` (to SIGTERM). A path that ends
with /die ends the process within the request; X-Status is the status of the answer. Idle connections are closed early,
sometimes just when they are used again.
"""

import json
import os
import select
import signal
import socket
import sys
import threading
import time

FOLDER = sys.argv[1]
OPTIONS = dict(word.removeprefix("--").split("=", 1) for word in sys.argv[2:])
IDLE = 0.5


def read_fault() -> dict:
    try:
        with open(f"{FOLDER}/fault.json") as file:
            return json.load(file)
    except OSError:
        return {}


FAULT = read_fault()
stopping = threading.Event()


def read_request(connection: socket.socket) -> tuple[str, str, dict[str, str], bytes] | None:
    data = b""
    while b"\r\n\r\n" not in data:
        if not select.select([connection], [], [], IDLE)[0] or (stopping.is_set() and not data):
            return None
        part = connection.recv(65536)
        if not part:
            return None
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    while len(body) < int(headers.get("content-length", 0)):
        body += connection.recv(65536)
    method, path, _ = first.split(" ")
    return method, path, headers, body


def answer(method: str, path: str, headers: dict[str, str], body: bytes) -> bytes:
    if path.endswith("/die"):
        os.kill(os.getpid(), signal.SIGKILL)
    if path != "/ping":
        time.sleep(FAULT.get("seconds", 0))
    said = {"method": method, "path": path, "length": len(body), "headers": headers, "pid": os.getpid()}
    text = json.dumps({**said, "options": OPTIONS, "folder": FOLDER}).encode()
    closing = "Connection: close\r\n" if stopping.is_set() else ""
    status = headers.get("x-status", "200")
    head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nServer: fake\r\nX-Kept: yes\r\n"
    return f"{head}{closing}Content-Length: {len(text)}\r\n\r\n".encode() + text


def converse(connection: socket.socket) -> None:
    with connection:
        while not stopping.is_set() and (request := read_request(connection)):
            connection.sendall(answer(*request))


def follow_parent() -> None:
    while not stopping.wait(0.1):
        if select.select([0], [], [], 0)[0] and not os.read(0, 1):
            os._exit(0)


def main() -> None:
    if "message" in FAULT:
        sys.exit(f"boxwright: {FAULT['message']}")
    if "status" in FAULT:
        os.kill(os.getpid(), FAULT["status"])
    time.sleep(FAULT.get("slow", 0))
    signal.signal(signal.SIGTERM, lambda *_: None if FAULT.get("deaf") else stopping.set())
    threading.Thread(target=follow_parent, daemon=True).start()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(OPTIONS["uds"])
        listener.listen(128)
        listener.settimeout(0.05)
        while not stopping.is_set():
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            connection.setblocking(True)
            threading.Thread(target=converse, args=(connection,)).start()


main()  # requests in flight are answered before the process ends: their threads are no daemons
