"""Deploying a trained model from its page."""

import shutil
import time
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from boxwright.console.pages.models.deploy import (
    current_shares,
    endpoint_name_for,
    next_version,
    shared,
)


@pytest.mark.parametrize(
    ("shares", "version", "share", "wanted"),
    [
        ({}, "v1", 40, {"v1": 100}),
        ({"v1": 100}, "v2", 10, {"v1": 90, "v2": 10}),
        ({"v1": 90, "v2": 10}, "v2", 50, {"v1": 50, "v2": 50}),
        ({"v1": 60, "v2": 30, "v3": 10}, "v3", 0, {"v1": 67, "v2": 33, "v3": 0}),
        ({"v1": 50, "v2": 25, "v3": 25}, "v1", 33, {"v2": 34, "v3": 33, "v1": 33}),
        ({"v1": 100, "v2": 0, "v3": 0}, "v1", 80, {"v2": 10, "v3": 10, "v1": 80}),
        ({"v1": 100, "v2": 0}, "v1", 100, {"v1": 100, "v2": 0}),
    ],
)
def test_shares_stay_100_percent(shares: Any, version: str, share: int, wanted: Any) -> None:
    found = shared(shares, version, share)
    assert found == wanted and sum(found.values()) == 100


def test_names_that_are_proposed() -> None:
    assert endpoint_name_for("cells_1") == "cells_1"
    assert endpoint_name_for("a" * 128) == "a" * 63
    assert next_version([]) == "v1" and next_version(["v2", "v10", "best", "v3x"]) == "v11"


def test_shares_as_they_are() -> None:
    model = {"defaultVersion": {"name": "projects/p/models/m/versions/v3"}}
    assert current_shares({}) == {} and current_shares(model) == {"v3": 100}
    assert current_shares({**model, "traffic": {"v1": 90, "v3": 10}}) == {"v1": 90, "v3": 10}


def finished_job(desk: Any, deployable: Any, name: str, **fault: Any) -> None:
    desk.job(name)
    deployable(desk.folder / name / "model", **fault)
    desk.change(name, state="SUCCEEDED", end_time=time.time())


def test_from_the_model_to_its_endpoint(models_desk: Any, opened: Any, quadrant_model: Path) -> None:
    models_desk.job("cats")
    shutil.copytree(quadrant_model, models_desk.folder / "cats" / "model")
    models_desk.change("cats", state="SUCCEEDED", end_time=time.time())
    page = opened(f"{models_desk.path}/models/cats")
    for version in ("v1", "v2"):
        page.get_by_role("button", name="Deploy").click()
        form = page.locator(".deploy-form")
        expect(form.get_by_label("Version")).to_have_value(version)
        if version == "v2":
            form.get_by_label("Share of the requests").fill("30")
        form.get_by_role("button", name="Deploy").click()
        page.wait_for_url("**/endpoints/cats", timeout=30_000)
        expect(page.get_by_label("Versions").locator("tbody tr")).to_have_count(int(version[1]))
        if version == "v1":
            page.goto(f"{models_desk.console.url}/console{models_desk.path}/models/cats")
            expect(page.get_by_role("link", name="cats v1")).to_be_visible()
    found = models_desk.console.ask("GET", f"/v1/projects/{models_desk.project}/models/cats")
    assert found["traffic"] == {"v1": 70, "v2": 30}
    version = models_desk.console.ask("GET", f"/v1/projects/{models_desk.project}/models/cats/versions/v2")
    assert version["deploymentUri"] == str(models_desk.folder / "cats" / "model")


def test_a_model_that_cannot_be_served_says_why(models_desk: Any, opened: Any, deployable: Any) -> None:
    finished_job(models_desk, deployable, "broken")  # its network is no ONNX
    page = opened(f"{models_desk.path}/models/broken")
    page.get_by_role("button", name="Deploy").click()
    page.locator(".deploy-form").get_by_label("Endpoint").fill("two--dashes")
    page.locator(".deploy-form").get_by_role("button", name="Deploy").click()
    failure = page.locator(".deploy-progress .failure")
    expect(failure).to_contain_text("a model's name is 1 to 63 letters")
    page.get_by_role("button", name="Change and try again").click()
    page.locator(".deploy-form").get_by_label("Endpoint").fill("broken")
    page.locator(".deploy-form").get_by_role("button", name="Deploy").click()
    expect(failure).to_contain_text("It could not be deployed", timeout=30_000)
    expect(failure).to_contain_text("not an ONNX model that this runtime can load")
    assert "/models/broken" in page.url  # nothing led away from it
