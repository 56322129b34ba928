import json
import os
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from boxwright import modeldir
from boxwright.formats.sample import ClassName
from boxwright.modeldir import ModelCard, read_card, write_card, write_deployment_config
from boxwright.spec.training import DataSpec, TrainSpec


def card(**changes: Any) -> ModelCard:
    spec = TrainSpec(data=DataSpec(training_data_path="train-*", validation_data_path="val-*", num_classes=2))
    values: dict[str, Any] = {
        "algorithm": "image_object_detection",
        "spec": spec,
        "classes": (ClassName(7, "cell"), ClassName(9, 'Ünit, "x"')),
        "input_size": (320, 416),
        "mean": (0.485, 0.456, 0.406),
        "std": (0.229, 0.224, 0.225),
        "pad_colour": (124, 116, 104),
        "step": 1200,
        "metrics": {"AP": 0.553, "APs": -1.0},
        "data_digest": "sha256:00ff",
        "versions": modeldir.installed_versions(),
    }
    return ModelCard(**{**values, **changes})


def test_card_is_read_as_it_was_written(tmp_path: Path) -> None:
    folder = str(tmp_path / "job" / "model")
    write_card(folder, card())
    assert read_card(folder) == card()
    assert os.listdir(folder) == ["model.json"]
    stored = json.loads((tmp_path / "job" / "model" / "model.json").read_text("utf-8"))
    assert stored["classes"][0] == {"id": 7, "name": "cell"}
    assert stored["input_size"] == [320, 416]
    assert stored["spec"]["data"]["num_classes"] == 2


def test_card_on_another_file_system() -> None:
    write_card("memory://models/one", card())
    assert read_card("memory://models/one") == card()


def test_a_failed_write_leaves_the_old_card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_card(str(tmp_path), card())

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_card(str(tmp_path), card(step=2400))
    assert read_card(str(tmp_path)).step == 1200
    assert os.listdir(tmp_path) == ["model.json"]


def test_missing_card_says_where_and_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(
        FileNotFoundError, match=r"holds notes\.txt; give the 'model' folder .* 'boxwright train"
    ) as raised:
        read_card(str(tmp_path))
    assert repr(str(tmp_path)) in str(raised.value)
    with pytest.raises(FileNotFoundError, match="empty or does not exist"):
        read_card(str(tmp_path / "absent"))


def test_a_jobs_folder_points_at_its_model(tmp_path: Path) -> None:
    write_card(str(tmp_path / "model"), card())
    with pytest.raises(FileNotFoundError, match="is a job's folder") as raised:
        read_card(str(tmp_path))
    assert repr(str(tmp_path / "model")) in str(raised.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("{", "card: Invalid JSON"),
        ('{"algorithm": "x"}', "spec: Field required"),
        ('{"colour": 1}', "colour: Extra inputs are not permitted"),
    ],
)
def test_faulty_card_says_what_is_wrong(tmp_path: Path, change: str, message: str) -> None:
    (tmp_path / "model.json").write_text(change)
    with pytest.raises(ValueError, match=message):
        read_card(str(tmp_path))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"classes": (ClassName(1, "a"),)}, "each of the 2 labels, got 1"),
        ({"classes": (ClassName(1, "a"), ClassName(1, "b"))}, r"must differ, got \[1, 1\]"),
        ({"metrics": {"AP": float("nan")}}, "finite"),
        ({"pad_colour": (0, 0, 256)}, "less than or equal to 255"),
        ({"step": -1}, "greater than or equal to 0"),
    ],
)
def test_card_refuses(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        card(**changes)


def test_versions_name_python_and_skip_what_is_absent() -> None:
    found = modeldir.installed_versions(("pydantic", "no-such-package"))
    assert sorted(found) == ["pydantic", "python"]


def test_deployment_config_has_the_services_fields(tmp_path: Path) -> None:
    yaml = pytest.importorskip("yaml", reason="PyYAML reads the file back")
    job = 'cells "one": #2'
    write_deployment_config(str(tmp_path), job_id=job, step=900, runtime_version="2.21")
    assert yaml.safe_load((tmp_path / "deployment_config.yaml").read_text("utf-8")) == {
        "deploymentUri": str(tmp_path),
        "framework": "TENSORFLOW",
        "labels": {"job_id": job, "gloabal_step": "900", "global_step": "900"},
        "runtimeVersion": "2.21",
    }


def test_deployment_config_keeps_a_url() -> None:
    write_deployment_config("memory://bucket/model", job_id="job", step=1, runtime_version="2.21")
    text = modeldir.files.read_text("memory://bucket/model/deployment_config.yaml")
    assert text.splitlines()[0] == 'deploymentUri: "memory://bucket/model"'


@pytest.fixture
def held(tmp_path: Path) -> tuple[str, ModelCard]:
    """A model's folder with a few files, and its card."""
    for name in ("model.onnx", "weights.safetensors", "report.html", "variables/variables.index", "trial_1/model.onnx"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"abc")
    folder = str(tmp_path)
    return folder, card(digests=modeldir.digests(folder))


def test_a_card_vouches_for_what_serving_and_training_use(held: tuple[str, ModelCard]) -> None:
    folder, vouching = held
    # FIPS 180-2, appendix B.1: SHA-256 of "abc".
    abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert vouching.digests == dict.fromkeys(("model.onnx", "variables/variables.index", "weights.safetensors"), abc)
    modeldir.verify(folder, vouching)
    assert modeldir.read_file(folder, vouching, "model.onnx") == b"abc"


@pytest.mark.parametrize(
    ("name", "way_out"),
    [
        ("model.onnx", "--to=onnx'"),
        ("variables/variables.index", "--to=savedmodel'"),
        ("weights.safetensors", "copy the folder again from where the model was trained"),
    ],
)
@pytest.mark.parametrize("content", [b"abd", b"ab", b"", None])
def test_a_missing_altered_or_truncated_file_is_named(
    held: tuple[str, ModelCard], name: str, way_out: str, content: bytes | None
) -> None:
    folder, vouching = held
    if content is None:
        os.remove(os.path.join(folder, name))
    else:
        Path(folder, name).write_bytes(content)
    kind, said = (FileNotFoundError, f"has no {name}") if content is None else (ValueError, f"{name} is altered")
    for look in (lambda: modeldir.verify(folder, vouching), lambda: modeldir.read_file(folder, vouching, name)):
        with pytest.raises(kind, match=said) as raised:
            look()
        assert way_out in str(raised.value)
    modeldir.verify(folder, vouching, [other for other in vouching.digests if other != name])


def test_an_early_card_vouches_for_nothing(held: tuple[str, ModelCard]) -> None:
    folder, _ = held
    modeldir.verify(folder, card())
    modeldir.verify(folder, card(), ["model.onnx"])
    assert modeldir.read_file(folder, card(), "report.html") == b"abc"


def test_digests_on_another_file_system() -> None:
    modeldir.files.write_bytes("memory://digests/model/model.onnx", b"abc")
    held = card(digests=modeldir.digests("memory://digests/model"))
    assert list(held.digests) == ["model.onnx"]
    assert modeldir.read_file("memory://digests/model", held, "model.onnx") == b"abc"
    modeldir.files.remove("memory://digests/model/model.onnx")
    with pytest.raises(FileNotFoundError, match=r"has no model\.onnx"):
        modeldir.verify("memory://digests/model", held)


def test_a_variant_says_what_it_loses() -> None:
    variant = modeldir.Variant(file="model_int8.onnx", AP=0.5, AP_drop=0.0125, pictures=72)
    assert str(variant) == "AP 0.5000 where float32 has 0.5125: a drop of 0.0125 on 72 pictures"


def test_files_of_variants() -> None:
    assert modeldir.onnx_file() == "model.onnx"
    assert modeldir.onnx_file("int8") == "model_int8.onnx"
    with pytest.raises(ValueError, match="unknown variant 'int4'; there is int8 and fp16"):
        modeldir.onnx_file("int4")
