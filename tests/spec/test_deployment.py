"""Models and versions as they are asked for."""

from typing import Any

import pytest

from boxwright.spec.deployment import (
    ModelRequest,
    VersionRequest,
    check_traffic,
    endpoint_name,
    read_endpoint,
)
from boxwright.spec.resource import InvalidResource


@pytest.mark.parametrize("name", ["cells", "Cells_2", "a-b-c", "x", "m" * 63])
def test_names_of_models(name: str) -> None:
    assert ModelRequest.read({"name": name}).name == name


@pytest.mark.parametrize("name", ["", "2cells", "a--b", "-a", "a-", "a b", "a/b", "ä", "m" * 64, "a\n"])
def test_what_is_no_name_of_a_model(name: str) -> None:
    with pytest.raises(InvalidResource, match="a model's name is 1 to 63 letters"):
        ModelRequest.read({"name": name})


@pytest.mark.parametrize("name", ["1", "v1", "2026-11-22", "a_b"])
def test_names_of_versions_may_be_numbers(name: str) -> None:
    assert VersionRequest.read({"name": name, "deploymentUri": "/m"}).name == name


@pytest.mark.parametrize("name", ["", "a--b", "_a", "v1:predict"])
def test_what_is_no_name_of_a_version(name: str) -> None:
    with pytest.raises(InvalidResource, match="a version's name is 1 to 63 letters"):
        VersionRequest.read({"name": name, "deploymentUri": "/m"})


@pytest.mark.parametrize(
    ("given", "workers"),
    [
        ({}, 1),
        ({"manualScaling": {"nodes": 4}}, 4),
        ({"autoScaling": {"minNodes": 3, "maxNodes": 9}}, 3),
        ({"autoScaling": {"minNodes": 0}}, 1),
        ({"autoScaling": {"minNodes": 3}, "manualScaling": {"nodes": 2}}, 2),
    ],
)
def test_how_many_workers(given: dict[str, Any], workers: int) -> None:
    assert VersionRequest.read({"name": "v1", "deploymentUri": "/m", **given}).workers == workers


def test_numbers_in_settings_are_texts() -> None:
    given = {"name": "v1", "deploymentUri": "/m", "settings": {"threads": 2, "max_wait": 0.5, "variant": "int8"}}
    assert VersionRequest.read(given).settings == {"threads": "2", "max_wait": "0.5", "variant": "int8"}
    with pytest.raises(InvalidResource, match="settings"):
        VersionRequest.read({**given, "settings": [1]})


@pytest.mark.parametrize("field", ["container", "acceleratorConfig", "predictionClass", "packageUris", "routes"])
def test_what_is_not_offered(field: str) -> None:
    with pytest.raises(InvalidResource, match=f"{field} is not offered: .*; leave it out"):
        VersionRequest.read({"name": "v1", "deploymentUri": "/m", field: {"x": 1}})
    assert VersionRequest.read({"name": "v1", "deploymentUri": "/m", field: {}}).name == "v1"


@pytest.mark.parametrize(
    ("project", "model", "name"),
    [("local", "cells", "cells"), ("farm", "cells", "farm--cells"), ("a-", "b", "a---b"), ("a--b", "c-d", "a--b--c-d")],
)
def test_endpoints_name_a_project_and_a_model(project: str, model: str, name: str) -> None:
    assert endpoint_name(project, model, "local") == name
    assert read_endpoint(name, "local") == (project, model)


@pytest.mark.parametrize(
    ("traffic", "said"),
    [
        ({"a": 100, "x": 0}, "there is no version 'x'; there is a, b"),
        ({"a": 60, "b": 60}, "must add up to 100 percent, got 120"),
        ({"a": 101}, "0 to 100 percent, got 101 for 'a'"),
        ({"a": 50, "b": 50}, "version 'b' is FAILED; only versions that are READY"),
    ],
)
def test_traffic_that_cannot_be_split(traffic: dict[str, int], said: str) -> None:
    states: Any = {"a": "READY", "b": "FAILED"} if "FAILED" in said else {"a": "READY", "b": "UPDATING"}
    with pytest.raises(ValueError, match=said):
        check_traffic(traffic, states)


def test_traffic_that_can_be_split() -> None:
    states: Any = {"a": "READY", "b": "UPDATING", "c": "FAILED"}
    for traffic in ({}, {"a": 100}, {"a": 30, "b": 70}, {"a": 100, "c": 0}):
        check_traffic(traffic, states)
    with pytest.raises(ValueError, match="there is none yet"):
        check_traffic({"a": 100}, {})
