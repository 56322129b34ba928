"""Tests of options that are the fields of settings."""

from pathlib import Path

import pytest

from boxwright.commands import settings
from boxwright.spec.server import RunnerSettings, ServerSettings

KINDS = (ServerSettings, RunnerSettings)
FLAGS = (settings.Flag("no_runner", "Only answer."),)


def test_options_are_read() -> None:
    words = ["--max-jobs=2", "--port", "0", "--allow-substitute", "--roots=/a, /b", "--no-runner"]
    given = settings.read(words, KINDS, FLAGS)
    assert given.of(RunnerSettings) == RunnerSettings(max_jobs=2, allow_substitute=True)
    assert given.of(ServerSettings) == ServerSettings(port=0, roots=("/a", "/b"))
    assert given.flags == {"no_runner"}
    assert settings.read([], KINDS, FLAGS).flags == frozenset()
    assert settings.read(["--allow-substitute=false"], KINDS).of(RunnerSettings) == RunnerSettings()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--max-job=2"], "unknown option --max-job; there is --data-dir, --database, "),
        (["--max-jobs=0"], "--max-jobs: Input should be greater than or equal to 1, got '0'"),
        (["--max-jobs"], "--max-jobs needs a value"),
        (["two"], "expected --name=value, got 'two'"),
        (["--lease=1", "--lease=2"], "--lease is given twice"),
        (["--max_jobs=1", "--max-jobs=2"], "--max-jobs is given twice"),
    ],
)
def test_mistakes(words: list[str], said: str) -> None:
    with pytest.raises(ValueError) as refused:
        settings.read(words, KINDS, FLAGS).of(RunnerSettings)
    assert said in str(refused.value)


def test_written_settings_are_read_again() -> None:
    changed = RunnerSettings(max_jobs=3, allow_substitute=True, backoff=0.5)
    assert settings.read(settings.written(changed), [RunnerSettings]).of(RunnerSettings) == changed
    server = ServerSettings(roots=("/a", "/b"), data_dir=Path("/c"))
    assert settings.read(settings.written(server), [ServerSettings]).of(ServerSettings) == server


def test_help_has_every_option() -> None:
    text = settings.help_text("boxwright server", "Answers.", KINDS, FLAGS)
    for kind in KINDS:
        for name, field in kind.model_fields.items():
            assert f"  --{settings.option(name)}\n" in text
            assert str(field.description).split()[0] in text
    assert "  --no-runner\n      Only answer." in text
    assert "taken over. In s. Default: 20.0." in text
