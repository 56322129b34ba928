"""The server does as its OpenAPI document says, whatever it is sent."""

import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
)


def test_answers_to_generated_requests_are_those_that_the_document_states(client: Any, tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("schemathesis")
    options = ["--max-examples=3", "--seed=1", "--phases=coverage,fuzzing", f"--checks={','.join(CHECKS)}"]
    words = [program, "--config-file", HERE / "schemathesis.toml", "run", f"{client.url}/openapi.json", *options]
    ran = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=240, check=False)
    assert ran.returncode == 0, ran.stdout[-5000:]
    assert "generated" in ran.stdout
    assert client.get("/ping").status_code == 200
