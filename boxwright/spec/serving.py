"""Settings of a process that serves one model."""

from pathlib import Path
from typing import Literal

from boxwright.spec.knob import Frozen, knob


class ServeSettings(Frozen):
    """Where a model is served, under which name, and how much work is taken on at once."""

    name: str = knob("", "Name by which clients call the model; that of the job's folder where empty.")
    version: str = knob("1", "Version by which clients call it.", min_length=1)
    host: str = knob("127.0.0.1", "Address to listen on.")
    port: int = knob(8080, "Port to listen on; 0 takes a free one.", ge=0, le=65535)
    uds: str = knob("", "Unix socket to listen on instead of host and port.")
    certificate: str = knob("", "TLS certificate chain, PEM; with key.")
    key: str = knob("", "TLS private key, PEM.")
    token_file: Path | None = knob(
        None, "File with a token that each request must bear; none is needed where left out."
    )
    variant: str = knob("", "Model file to run: empty for float32, 'int8' or 'fp16' where they were exported.")
    tile: int | None = knob(
        None, "Cut pictures into tiles of this side, 0 for none; as trained where left out.", unit="px"
    )
    overlap: float | None = knob(None, "Share that neighbouring tiles have in common; as trained where left out.")
    threads: int = knob(0, "Processor cores that one call may use; all of this process where 0.", ge=0, le=256)
    spin: bool = knob(False, "Keep threads of a call awake: quicker for one client at a time, slower for many.")
    lanes: int = knob(0, "Calls at a time; one for each core where 0.", ge=0, le=64)
    max_batch: int = knob(2, "Most pictures of one call; as many as wait are taken together.", ge=1, le=256)
    max_wait: float = knob(0.0, "Longest wait for more pictures of a call.", unit="s", ge=0, le=1)
    queue: int = knob(64, "Pictures that may wait; requests beyond them are answered 429.", ge=1)
    timeout: float = knob(30.0, "A request that is not done by then is answered 503.", unit="s", gt=0)
    max_request_bytes: int = knob(20_000_000, "Larger requests are refused.", unit="bytes", ge=1000)
    max_pixels: int = knob(50_000_000, "Larger pictures are refused.", unit="px", ge=1, le=100_000_000)
    max_pictures: int = knob(64, "Most pictures of one request.", ge=1)
    fetch: Literal["none", "public", "all"] = knob("public", "Addresses that pictures are fetched from.")
    predict_route: str = knob("", "A further path that predicts as Vertex AI's containers do.", pattern="^(/[^{}]*)?$")
    health_route: str = knob("", "A further path that tells that the model is loaded.", pattern="^(/[^{}]*)?$")
    access_log: str = knob("-", "File for one JSON line a request; - is standard output, empty for none.")
    grace: float = knob(25.0, "At SIGTERM, requests under way may take so long.", unit="s", ge=0)
