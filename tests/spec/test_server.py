"""Tests of the settings of servers and runners."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from boxwright.spec.server import RunnerSettings, ServerSettings


@pytest.mark.parametrize("settings", [ServerSettings, RunnerSettings])
def test_every_setting_has_a_default_and_says_what_it_is(settings: type[BaseModel]) -> None:
    settings()
    assert all(str(field.description).endswith(".") for field in settings.model_fields.values())


def test_a_server_listens_to_its_own_machine_only() -> None:
    assert (ServerSettings().host, ServerSettings().port) == ("127.0.0.1", 8600)


@pytest.mark.parametrize(
    ("settings", "values"),
    [
        (ServerSettings, {"port": 65536}),
        (ServerSettings, {"port": -1}),
        (ServerSettings, {"max_request_bytes": 10}),
        (ServerSettings, {"prot": 1}),
        (RunnerSettings, {"max_jobs": 0}),
        (RunnerSettings, {"lease": 0}),
        (RunnerSettings, {"poll": 0}),
        (RunnerSettings, {"backoff": -1}),
        (RunnerSettings, {"max_faults": -1}),
    ],
)
def test_impossible_settings(settings: type[BaseModel], values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        settings.model_validate(values)


def test_places_that_are_not_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/anna")
    monkeypatch.chdir(tmp_path)
    settings = ServerSettings()
    assert settings.folder == Path("/home/anna/.boxwright")
    assert settings.database_url == "sqlite:////home/anna/.boxwright/boxwright.db"
    assert settings.job_roots == (str(tmp_path), "/home/anna/.boxwright")
    assert settings.default_root == "/home/anna/.boxwright/jobs"


def test_places_that_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = ServerSettings(data_dir=Path("data"), database="postgresql://anna@host/jobs", roots=("/runs",))
    assert settings.folder == tmp_path / "data"
    assert settings.database_url == "postgresql://anna@host/jobs"
    assert settings.job_roots == ("/runs",)
