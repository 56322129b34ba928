"""Tests of the mapping of the service's machines to one's own."""

from typing import Any

import pytest

from boxwright.spec.job import TrainingInput
from boxwright.spec.machine import Machine, assign, wanted

GB = 10**9
SMALL = Machine(cores=2, memory=25 * GB)
LARGE = Machine(cores=96, memory=800 * GB, gpus=("NVIDIA H200", "NVIDIA L4"))
P100 = {"type": "NVIDIA_TESLA_P100", "count": 1}

PUBLISHED: dict[str, Any] = {
    "scaleTier": "CUSTOM",
    "masterType": "n1-standard-16",
    "masterConfig": {"imageUri": "image_object_detection", "acceleratorConfig": P100},
    "workerType": "cloud_tpu",
    "workerConfig": {"acceleratorConfig": {"type": "TPU_V2", "count": 8}},
    "workerCount": 1,
}
"""The machines of the managed service's example."""


def given(**values: Any) -> TrainingInput:
    return TrainingInput.read(values)


def custom(machine: str, **values: Any) -> TrainingInput:
    return given(scaleTier="CUSTOM", masterType=machine, **values)


def test_the_published_example_falls_short_of_a_small_machine() -> None:
    with pytest.raises(ValueError) as refused:
        assign(given(**PUBLISHED), SMALL)
    assert str(refused.value) == (
        "this machine has 2 cores, 25 GB, no GPU; it falls short of what was asked for: "
        "masterType n1-standard-16 has 16 cores; masterType n1-standard-16 has 60 GB of memory; "
        "masterType n1-standard-16 has 1 x NVIDIA_TESLA_P100; workerType cloud_tpu has 8 x TPU_V2; "
        "workerType cloud_tpu: one machine trains; ask for scaleTier BASIC, or allow the nearest machine "
        "(--allow-substitute)"
    )


@pytest.mark.parametrize("by_job", [True, False])
def test_the_published_example_on_the_nearest_machine(by_job: bool) -> None:
    got = assign(given(**PUBLISHED, allowSubstitute=by_job), SMALL, allow_substitute=not by_job)
    assert (got.accelerator, got.devices) == ("cpu", 0)
    assert got.lines == (
        "masterType n1-standard-16 (16 cores, 60 GB, 1 x NVIDIA_TESLA_P100) -> 2 cores of the processor",
        "workerType cloud_tpu (8 x TPU_V2) -> 2 cores of the processor",
    )


def test_a_tpu_is_replaced_by_gpus_only_by_permission() -> None:
    with pytest.raises(ValueError, match="scaleTier BASIC_TPU has 8 x TPU_V2"):
        assign(given(scaleTier="BASIC_TPU"), LARGE)
    got = assign(given(scaleTier="BASIC_TPU", allowSubstitute=True), LARGE)
    assert (got.accelerator, got.devices) == ("cuda", 2)


@pytest.mark.parametrize("tier", ["BASIC", "STANDARD_1", "PREMIUM_1"])
def test_tiers_without_accelerators_run_anywhere(tier: str) -> None:
    got = assign(given(scaleTier=tier), SMALL)
    assert (got.accelerator, got.devices) == ("cpu", 0)
    assert got.lines == (f"scaleTier {tier} (any machine) -> 2 cores of the processor",)


def test_a_gpu_of_another_model_is_taken() -> None:
    got = assign(given(scaleTier="BASIC_GPU"), LARGE)
    assert got.lines == ("scaleTier BASIC_GPU (1 x NVIDIA_TESLA_K80) -> 1 GPU (NVIDIA H200)",)
    assert (got.accelerator, got.devices) == ("cuda", 1)
    with pytest.raises(ValueError, match="scaleTier BASIC_GPU has 1 x NVIDIA_TESLA_K80"):
        assign(given(scaleTier="BASIC_GPU"), SMALL)


def test_more_gpus_than_there_are() -> None:
    four = custom("n1-highcpu-16", masterConfig={"acceleratorConfig": {**P100, "count": 4}})
    with pytest.raises(ValueError, match="masterType n1-highcpu-16 has 4 x NVIDIA_TESLA_P100"):
        assign(four, LARGE)
    assert assign(four, LARGE, allow_substitute=True).devices == 2


def test_parameter_servers_are_left_out() -> None:
    got = assign(custom("n1-highcpu-2", parameterServerType="n1-highcpu-2", parameterServerCount=3), SMALL)
    assert got.lines[-1] == "3 parameter servers -> none are needed"


@pytest.mark.parametrize(
    ("machine", "cores", "gigabytes", "kind", "count"),
    [
        ("n1-standard-4", 4, 15, "", 0),
        ("n1-highmem-16", 16, 104, "", 0),
        ("n1-highcpu-16", 16, 14.4, "", 0),
        ("standard", 4, 15, "", 0),
        ("large_model", 8, 30, "", 0),
        ("standard_gpu", 4, 15, "NVIDIA_TESLA_K80", 1),
        ("large_model_v100", 8, 30, "NVIDIA_TESLA_V100", 1),
        ("complex_model_m", 16, 60, "", 0),
        ("complex_model_m_gpu", 16, 60, "NVIDIA_TESLA_K80", 4),
        ("complex_model_l_p100", 32, 120, "NVIDIA_TESLA_P100", 8),
        ("cloud_tpu", 0, 0, "TPU_V2", 8),
        ("TPU_V2", 0, 0, "TPU_V2", 8),
    ],
)
def test_machine_types(machine: str, cores: int, gigabytes: float, kind: str, count: int) -> None:
    (one,) = wanted(custom(machine))
    assert (one.cores, one.memory / GB, one.kind, one.count) == (cores, pytest.approx(gigabytes), kind, count)
    assert one.name == f"masterType {machine}"


def test_every_worker_is_a_machine() -> None:
    machines = wanted(custom("n1-standard-4", workerType="standard", workerCount=2))
    assert [one.name for one in machines] == ["masterType n1-standard-4"] + 2 * ["workerType standard"]


@pytest.mark.parametrize("machine", ["n1-standard", "n1-huge-4", "standard_k80", "pc", "n1-standard-4x"])
def test_unknown_machine_types(machine: str) -> None:
    with pytest.raises(ValueError, match=f"masterType must be a Compute Engine type .* got '{machine}'"):
        wanted(custom(machine))
