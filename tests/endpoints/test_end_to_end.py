"""A trained model in real worker processes: the gateway's answers are those of the engine."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest

from boxwright import formats
from boxwright.endpoints.deployed import Deployed
from boxwright.endpoints.fleet import FleetSettings
from boxwright.endpoints.gateway import Gateway
from boxwright.endpoints.message import Call
from boxwright.engine import Engine


def test_a_trained_model_answers_through_the_gateway(engine: Any, tmp_path: Path, finished: Any, records: Path) -> None:
    picture = formats.read(f"{records}/train-*")[0].encoded
    found = Engine.load(str(finished.model)).predict(picture)
    deployed = Deployed.over(engine, FleetSettings(tmp_path / "real", cores=1))
    deployed.models.create("local", {"name": "shapes"})
    deployed.versions.create("local", "shapes", {"name": "v1", "deploymentUri": str(finished.model)})

    async def ask(gateway: Gateway) -> Any:
        call = Call("POST", b"/endpoints/shapes/invocations", ((b"content-type", b"image/jpeg"),), picture)
        try:
            return await gateway.forward("local", "shapes", call)
        finally:
            await gateway.close()

    with deployed.fleet:
        end = time.monotonic() + 120
        while deployed.versions.get("local", "shapes", "v1").state == "CREATING":
            assert time.monotonic() < end
            time.sleep(0.05)
        assert deployed.versions.get("local", "shapes", "v1").error_message == ""
        answer = asyncio.run(ask(deployed.gateway))
    assert answer.status == 200
    scores = [row[1] for row in json.loads(answer.body)["prediction"]]
    assert scores == pytest.approx(found.scores.tolist(), abs=1e-4)
