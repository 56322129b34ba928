"""The documentation says what there is: a thing that is not described, or described and not there, fails here."""

import ast
import importlib
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import typer.main
import write_docs
from typer.testing import CliRunner

from boxwright import modeldir
from boxwright.algorithms import ALGORITHMS, parse
from boxwright.arguments import read_arguments
from boxwright.cli import app
from boxwright.commands.prediction_submission import DATA_FORMATS
from boxwright.dataset.findings import Finding
from boxwright.dataset.rules import RULES as BOX_RULES
from boxwright.formats import FORMATS
from boxwright.jobdir import Event
from boxwright.metrics.detection import DetectionMetrics
from boxwright.models.build import BACKBONES, MODELS
from boxwright.models.weights import DETECTOR_FILES
from boxwright.spec.job import AcceleratorConfig, JobRequest, ReplicaConfig, Scheduling, TrainingInput
from boxwright.spec.prediction import PredictionInput
from boxwright.spec.resource import Resource
from boxwright.spec.sagemaker import (
    Choice,
    HyperbandConfig,
    Limits,
    Objective,
    Range,
    Ranges,
    StrategyConfig,
    TuningConfig,
)
from boxwright.spec.study import Parameter, Study
from boxwright.train.auto import RULES as AUTO_RULES
from boxwright.train.optimizer import OPTIMIZERS
from boxwright.work import STOPPED_STATUS

ROOT = Path(__file__).resolve().parents[1]
PAGES = {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in sorted((ROOT / "docs").glob("*.md"))}
TEXTS = {name: (ROOT / name).read_text("utf-8") for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")} | PAGES


def rows(page: str) -> set[str]:
    """Words in backquotes in the first column of a page's tables."""
    firsts = re.findall(r"^\| ([^|]*) \|", PAGES[f"docs/{page}"], re.MULTILINE)
    return {word for first in firsts for word in re.findall(r"`([^`]+)`", first)}


def blocks(kind: str) -> Iterator[tuple[str, str]]:
    """Every fenced block of a kind, with the name of its file."""
    for name, text in TEXTS.items():
        for block in re.findall(rf"^```{kind}\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
            yield name, block


def shell_lines() -> list[tuple[str, str]]:
    """Every line of a shell block or an example, without redirection, with the name of its file."""
    scripts = [(f"examples/{path.name}", path.read_text("utf-8")) for path in sorted((ROOT / "examples").glob("*.sh"))]
    return [
        (name, re.sub(r" > \S+$", "", line.strip()))
        for name, text in [*blocks("sh"), *scripts]
        for line in text.replace("\\\n", " ").splitlines()
        if line.strip() and not line.lstrip().startswith("#")
    ]


def commands(group: Any, prefix: str = "boxwright") -> Iterator[tuple[str, Any]]:
    """Every command with its full name."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, f"{prefix} {name}")
        else:
            yield f"{prefix} {name}", command


COMMANDS = dict(commands(typer.main.get_command(app)))
BOXWRIGHT_LINES = [(name, line) for name, line in shell_lines() if line.startswith("boxwright ")]


def test_every_command_has_a_section_that_lists_its_options_and_no_others() -> None:
    found = [
        section
        for text in PAGES.values()
        for section in re.findall(r"^## (boxwright [a-z0-9 -]+)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    ]
    sections = dict(found)
    assert len(found) == len(sections)
    assert set(sections) == set(COMMANDS)
    for name, command in COMMANDS.items():
        options = {option for one in command.params if one.param_type_name == "option" for option in one.opts}
        assert set(re.findall(r"^\| `(--[a-z-]+)` \|", sections[name], re.MULTILINE)) == options, name


def test_every_line_with_boxwright_can_be_read() -> None:
    assert len(BOXWRIGHT_LINES) > 10
    for place, line in BOXWRIGHT_LINES:
        words = shlex.split(line, comments=True)
        name = next((one for one in (" ".join(words[:length]) for length in (4, 3, 2)) if one in COMMANDS), "")
        assert name, f"{place}: {line}"
        rest = words[len(name.split()) :]
        try:
            COMMANDS[name].make_context(name, list(rest))
            if name == "boxwright train":
                given = read_arguments(rest[1:])
                assert given.pop("job-dir")
                parse(ALGORITHMS[rest[0]], given)
        except Exception as error:
            pytest.fail(f"{place}: {line}: {error}")


def test_every_make_target_that_is_named_is_there_and_described() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    assert targets == set(re.findall(r"^([a-z]+):.*## \S", makefile, re.MULTILINE))
    named = {word for text in TEXTS.values() for word in re.findall(r"`make ([a-z]+)`", text)}
    named |= {line.split()[1] for _, line in shell_lines() if line.startswith("make ")}
    assert {"demo", "test", "check"} <= named <= targets


def test_every_argument_is_on_its_page_and_the_page_is_fresh() -> None:
    for algorithm in ALGORITHMS.values():
        assert {one.name for one in algorithm.arguments} <= rows(f"{algorithm.name}.md")
    assert write_docs.stale() == [], "run make docs"


def test_every_derived_value_is_that_of_an_argument_with_an_example() -> None:
    examples = {
        one: PAGES[f"docs/{one.name}.md"].partition("<!-- end of derived values")[0] for one in ALGORITHMS.values()
    }
    for path in set(AUTO_RULES) - {"model.pretrained_checkpoint_path"}:  # which is derived from use_pretrained_model
        assert any(f"| `{one.names().get(path)}` |" in example for one, example in examples.items()), path


def event_kinds() -> set[str]:
    """Every kind of event that some code makes."""
    return {
        keyword.value.value
        for path in (ROOT / "boxwright").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == Event.__name__
        for keyword in node.keywords
        if keyword.arg == "kind" and isinstance(keyword.value, ast.Constant)
    }


def test_every_finding_of_the_data_doctor_is_described() -> None:
    source = (ROOT / "boxwright" / "dataset" / "findings.py").read_text("utf-8")
    found = set(re.findall(r'_finding\(\s*"(?:error|warning|note)"[^,]*,\s*"([a-z-]+)"', source))
    assert {"no-boxes", "lost-class"} <= found <= rows("data.md")


def test_every_kind_of_event_is_described() -> None:
    kinds = event_kinds()
    assert {"train", "evaluation", "finished"} <= kinds
    shown_only = {"step", "already finished"}
    assert kinds - shown_only <= rows("job_folder.md")
    assert all(f"`{kind}`" in PAGES["docs/job_folder.md"] for kind in shown_only)
    assert f"| {STOPPED_STATUS} |" in PAGES["docs/job_folder.md"]


@pytest.mark.parametrize(
    ("page", "names"),
    [
        ("formats.md", lambda: FORMATS),
        ("models.md", lambda: {*BACKBONES, *DETECTOR_FILES}),
        ("data.md", lambda: BOX_RULES),
        ("metrics.md", lambda: set(DetectionMetrics.__annotations__) & {"AP", "AP50", "AP75", "APs", "ARmax100"}),
        ("image_object_detection.md", lambda: OPTIMIZERS),
        ("model_folder.md", lambda: modeldir.ModelCard.model_fields),
    ],
)
def test_every_entry_of_a_written_dict_has_a_row(page: str, names: Callable[[], Any]) -> None:
    assert names()
    assert set(names()) <= rows(page)


def test_what_has_no_table_is_named() -> None:
    assert all(f"architecture={name}" in PAGES["docs/models.md"] for name in MODELS)
    options = {option for _, known in OPTIMIZERS.values() for option in known}
    assert all(f"`{option}`" in PAGES["docs/image_object_detection.md"] for option in options)
    files = (modeldir.SAVED_MODEL, modeldir.ONNX, modeldir.CARD, modeldir.WEIGHTS, modeldir.REPORT)
    assert all(f"`{name}`" in PAGES["docs/model_folder.md"] for name in (*files, modeldir.DEPLOYMENT_CONFIG))
    severities = get_args(Finding.model_fields["severity"].annotation)
    assert all(severity in PAGES["docs/data.md"] for severity in severities)


def test_every_key_of_a_job_is_described() -> None:
    parts: tuple[type[Resource], ...] = (
        JobRequest,
        TrainingInput,
        ReplicaConfig,
        AcceleratorConfig,
        Scheduling,
        Study,
        Parameter,
        TuningConfig,
    )
    parts += (Objective, Limits, Ranges, Range, Choice, StrategyConfig, HyperbandConfig)
    keys = {str(field.alias) for part in parts for field in part.model_fields.values()} - {"etag"}
    assert {"scaleTier", "maxTrials", "categoricalValues", "MaxParallelTrainingJobs"} <= keys
    assert [key for key in sorted(keys) if f"`{key}`" not in PAGES["docs/jobs.md"]] == []


def test_every_key_of_a_prediction_is_described() -> None:
    keys = {str(field.alias) for field in PredictionInput.model_fields.values()}
    assert keys <= rows("batch_prediction.md")
    named = set(re.findall(r"`([\w-]+)`", PAGES["docs/batch_prediction.md"]))
    assert {*DATA_FORMATS, *DATA_FORMATS.values()} <= named


def test_index_names_every_page() -> None:
    linked = set(re.findall(r"\]\((\w+\.md)\)", PAGES["docs/index.md"]))
    assert linked == {path.removeprefix("docs/") for path in PAGES} - {"index.md"}


def test_links_lead_somewhere() -> None:
    for name, text in TEXTS.items():
        for link in re.findall(r"\]\(([^)]+)\)", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)):
            if link.startswith("http"):
                continue
            path, _, anchor = link.partition("#")
            target = (ROOT / name).parent / path if path else ROOT / name
            assert target.exists(), f"{name}: {link}"
            if anchor:
                headings = re.findall(r"^#+ (.*)$", target.read_text("utf-8"), re.MULTILINE)
                assert anchor in {re.sub(r"[^\w -]", "", one).lower().replace(" ", "-") for one in headings}, link


def test_python_in_the_docs_imports_what_there_is() -> None:
    found = list(blocks("python"))
    assert found
    for name, block in found:
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.ImportFrom) and str(node.module).startswith("boxwright"):
                module = importlib.import_module(str(node.module))
                for alias in node.names:
                    if not hasattr(module, alias.name):
                        importlib.import_module(f"{node.module}.{alias.name}")
                assert module, name


def test_example_of_data_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    lines = [line for name, line in BOXWRIGHT_LINES if name == "examples/data.sh"]
    for line in lines:
        result = CliRunner().invoke(app, shlex.split(line)[1:])
        assert result.exit_code == 0, f"{line}: {result.output} {result.exception}"
    assert "shapes" in (tmp_path / "report.html").read_text("utf-8")
    assert len(list((tmp_path / "shapes_records").glob("test-*"))) == 1
    assert len(list((tmp_path / "shapes_yolo" / "images").rglob("*.jpg"))) == 16


def test_changelog_begins_with_the_version_to_come() -> None:
    assert re.search(r"^## (Unreleased|\d+\.\d+\.\d+)", TEXTS["CHANGELOG.md"], re.MULTILINE)
