"""What platforms tell a container, as words of `boxwright serve`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from boxwright.commands import serving
from boxwright.commands.containers import sagemaker_words, vertex_words
from boxwright.spec.serving import ServeSettings

VERTEX = {
    "AIP_STORAGE_URI": "gs://bucket/model",
    "AIP_HTTP_PORT": "8081",
    "AIP_HEALTH_ROUTE": "/v1/endpoints/1/deployedModels/2",
    "AIP_PREDICT_ROUTE": "/v1/endpoints/1/deployedModels/2:predict",
}
ROUTES = [f"--health-route={VERTEX['AIP_HEALTH_ROUTE']}", f"--predict-route={VERTEX['AIP_PREDICT_ROUTE']}"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], ["gs://bucket/model", "--port=8081", *ROUTES, "--host=0.0.0.0"]),
        (["mine"], ["mine", "--port=8081", *ROUTES, "--host=0.0.0.0"]),
        (["--queue=3"], ["gs://bucket/model", "--queue=3", "--port=8081", *ROUTES, "--host=0.0.0.0"]),
        (["mine", "--port=9", "--host", "::1"], ["mine", "--port=9", "--host", "::1", *ROUTES]),
        (["mine", "--health_route=/h", "--uds=s"], ["mine", "--health_route=/h", "--uds=s", ROUTES[1]]),
    ],
)
def test_vertex_completes_what_is_not_given(words: list[str], expected: list[str]) -> None:
    assert vertex_words(words, VERTEX) == expected


@pytest.mark.parametrize("words", [[], ["mine", "--port=9"], ["--help"]])
def test_nothing_is_added_elsewhere(words: list[str]) -> None:
    assert vertex_words(words, {"HOME": "/root", "AIP_HTTP_PORT": ""}) == words


def test_sagemaker_names_the_port() -> None:
    assert sagemaker_words("/opt/ml", {})[0] == "/opt/ml/model"
    assert sagemaker_words("/opt/ml", {})[2:] == ["--host=0.0.0.0", "--port=8080"]
    assert sagemaker_words("/opt/ml", {"SAGEMAKER_BIND_TO_PORT": "9000"})[-1] == "--port=9000"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ServeSettings]]:
    """Folders and settings that a process was to serve with."""
    found: list[tuple[str, ServeSettings]] = []
    monkeypatch.setattr(serving, "serve_model", lambda folder, given, _: found.append((folder, given)))
    return found


def test_a_container_of_vertex_serves_as_it_is_told(
    command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, asked: list[tuple[str, ServeSettings]]
) -> None:
    for name, value in VERTEX.items():
        monkeypatch.setenv(name, value)
    assert command("serve", "--max-batch=2").status == 0
    ((folder, given),) = asked
    assert (folder, given.host, given.port, given.max_batch) == ("gs://bucket/model", "0.0.0.0", 8081, 2)
    assert given.predict_route == VERTEX["AIP_PREDICT_ROUTE"]
    assert "Usage: boxwright serve MODEL" in command("serve", "--help").out
    assert len(asked) == 1


def test_a_container_of_sagemaker_serves_its_model(
    command: Callable[..., Any], asked: list[tuple[str, ServeSettings]], tmp_path: Path
) -> None:
    assert command("sagemaker", "serve", f"--root={tmp_path}").status == 0
    ((folder, given),) = asked
    assert (folder, given.name, given.host, given.port) == (f"{tmp_path}/model", "model", "0.0.0.0", 8080)
