"""The wizard in a real browser: filled in, mended, tuned, cloned, submitted."""

import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from playwright.sync_api import Locator, Page, expect

from boxwright import formats
from boxwright.dataset.draw import draw_shapes
from boxwright.estimates.measuring import Estimates

Opened = Callable[..., Page]

HOSTILE = "<img src=x onerror=alert(1)>'\"`$(x)"


@pytest.fixture(scope="module")
def shapes(console: Any) -> Path:
    """Records below the server's root, in a folder with an unpleasant name."""
    folder: Path = console.folder / "shapes <b>&"
    for split, count, seed in (("train", 6, 3), ("validation", 4, 4)):
        formats.write(draw_shapes(count, (64, 96), seed, ("circle", "square")), str(folder), to="tfrecord", split=split)
    return folder


def step(page: Page, name: str) -> None:
    """Go to a step by the list of steps."""
    page.get_by_role("navigation", name="Steps").get_by_role("button", name=name).click()


def title(page: Page, words: str) -> Locator:
    found = page.get_by_role("heading", name=words)
    found.wait_for()
    return found


def code(page: Page, name: str) -> str:
    found = page.get_by_role("region", name=name)
    found.wait_for()
    return found.inner_text()


def named(page: Page, words: str) -> Locator:
    return page.get_by_label(words, exact=True)


def to_data(page: Page, path: str) -> None:
    """Choose the data in the wizard."""
    step(page, "Data")
    title(page, "Choose training and validation data")
    named(page, "Path").fill(path)


def test_the_whole_way_by_keyboard(console: Any, opened: Opened, shapes: Path, screenshot: Callable[..., None]) -> None:
    page = opened("/wizard-a/new", role="trainer")
    screenshot(page, "wizard_algorithm")
    assert page.get_by_role("button", name="image_object_detection").get_attribute("aria-pressed") == "true"
    page.get_by_role("button", name="Next: Data").press("Enter")
    expect(title(page, "Choose training and validation data")).to_be_focused()
    named(page, "Path").fill(f"{shapes}/train-*")
    page.get_by_text("1 file, 6 records").wait_for()
    screenshot(page, "wizard_data")
    named(page, "Path").press("Enter")
    title(page, "Set the algorithm's arguments")
    named(page, "max_steps").fill("12")
    screenshot(page, "wizard_arguments")
    named(page, "max_steps").press("Enter")
    title(page, "Name the job and choose its machine")
    named(page, "Job id").fill("by_keyboard")
    named(page, "Labels").fill("team=cells")
    page.get_by_text("scaleTier BASIC (any machine)").wait_for()
    screenshot(page, "wizard_machine")
    named(page, "Labels").press("Enter")
    title(page, "Look it over and submit")
    page.get_by_text("Nothing is wrong with this job").wait_for()
    assert "boxwright jobs submit training by_keyboard" in code(page, "Command line")
    screenshot(page, "wizard_summary")
    page.get_by_role("button", name="Submit the job").press("Enter")
    page.wait_for_url("**/wizard-a/jobs/by_keyboard")
    job = console.ask("GET", "/v1/projects/wizard-a/jobs/by_keyboard")
    assert job["labels"] == {"team": "cells"}
    assert job["trainingInput"]["args"] == [f"--training_data_path={shapes}/train-*", "--max_steps=12"]
    page.goto(f"{console.url}/console/wizard-a/new")
    title(page, "Choose the algorithm")
    step(page, "Job settings")  # the draft ended with the submission
    assert named(page, "Job id").input_value() != "by_keyboard"


def test_tuning_an_argument_changes_the_config(opened: Opened, shapes: Path) -> None:
    page = opened("/wizard-b/new")
    to_data(page, f"{shapes}/train-*")
    step(page, "Arguments")
    page.get_by_role("switch", name="Tune initial_learning_rate").click()
    group = page.get_by_role("group", name="What is searched of initial_learning_rate")
    assert group.get_by_label("Minimum", exact=True).input_value() == "0.001"
    group.get_by_label("Maximum", exact=True).fill("0.0001")
    group.get_by_text("minValue must not exceed maxValue").wait_for()
    group.get_by_label("Maximum", exact=True).fill("0.05")
    page.get_by_role("switch", name="Tune fpn_type").click()
    page.get_by_text("Searched: initial_learning_rate, fpn_type").wait_for()
    named(page, "Trials in all").fill("7")
    page.get_by_role("switch", name="Tune train_batch_size").click()
    batch = page.get_by_role("group", name="What is searched of train_batch_size")
    batch.get_by_role("combobox", name="Search").click()
    page.get_by_role("option", name="a list of values").click()
    batch.get_by_label("Increasing values with commas").fill("4, 8, 16")
    page.get_by_role("combobox", name="Metric").click()
    page.get_by_role("option", name="validation_loss").click()
    expect(page.get_by_text("minValue must not exceed")).to_have_count(0)
    step(page, "Summary")
    page.get_by_text("searched from 0.001 to 0.05").wait_for()
    page.get_by_text("Nothing is wrong with this job").wait_for()
    page.get_by_role("region", name="config.yaml").filter(has_text="discreteValues").wait_for()
    config = yaml.safe_load(code(page, "config.yaml"))
    study = config["trainingInput"]["hyperparameters"]
    assert (study["maxTrials"], study["hyperparameterMetricTag"], study["goal"]) == (7, "validation_loss", "MINIMIZE")
    assert study["params"] == [
        {
            "parameterName": "initial_learning_rate",
            "type": "DOUBLE",
            "minValue": 0.001,
            "maxValue": 0.05,
            "scaleType": "UNIT_LOG_SCALE",
        },
        {"parameterName": "fpn_type", "type": "CATEGORICAL", "categoricalValues": ["fpn", "nasfpn", "bifpn"]},
        {"parameterName": "train_batch_size", "type": "DISCRETE", "discreteValues": [4, 8, 16]},
    ]
    assert "--config=config.yaml" in code(page, "Command line")


def test_faults_stand_at_their_fields_and_lead_there(opened: Opened, shapes: Path) -> None:
    page = opened("/wizard-c/new")
    step(page, "Summary")
    page.get_by_text("--training_data_path is required").wait_for()
    assert page.get_by_role("button", name="Submit the job").is_disabled()
    page.locator(".wizard-fault").get_by_role("button", name="Change: Data").click()
    title(page, "Choose training and validation data")
    page.locator(".q-field--error", has_text="--training_data_path is required").wait_for()
    named(page, "Path").fill("/no/such/file")
    page.locator(".q-field--error", has_text="/no/such/file").wait_for()
    named(page, "Path").fill(f"{shapes}/train-*")
    expect(page.locator(".q-field--error")).to_have_count(0)
    step(page, "Arguments")
    named(page, "max_steps").fill("ten")
    page.locator(".q-field--error", has_text="valid integer").wait_for()
    step(page, "Job settings")
    named(page, "Job id").fill("1 <b>")
    page.locator(".q-field--error", has_text="a job's id is 1 to 128 letters").wait_for()
    named(page, "Longest running time").fill("soon")
    page.locator(".q-field--error", has_text="expected a duration in seconds").wait_for()
    steps = page.get_by_role("navigation", name="Steps")
    assert "1 to mend" in steps.get_by_role("button", name="Arguments").inner_text()
    assert "2 to mend" in steps.get_by_role("button", name="Job settings").inner_text()
    step(page, "Summary")
    page.locator(".wizard-fault", has_text="a job's id is 1 to 128 letters").wait_for()
    assert page.get_by_role("region", name="config.yaml").count() == 0


def test_the_draft_survives_a_reload_and_going_back(opened: Opened, shapes: Path) -> None:
    page = opened("/wizard-d/new")
    to_data(page, f"{shapes}/train-*")
    page.get_by_text("1 file, 6 records").wait_for()
    step(page, "Arguments")
    named(page, "Find an argument").fill("huber")
    expect(named(page, "max_steps")).to_be_hidden()
    named(page, "huber_delta").fill("0.25")
    page.wait_for_function("() => (sessionStorage.getItem('boxwright.new.wizard-d') || '').includes('0.25')")
    page.wait_for_url(re.compile(r"step=arguments"))
    page.reload()
    title(page, "Set the algorithm's arguments")
    assert named(page, "huber_delta").input_value() == "0.25"
    page.get_by_role("button", name="Back").click()
    expect(named(page, "Path")).to_have_value(f"{shapes}/train-*")
    page.get_by_role("button", name="Begin again").click()
    page.wait_for_url("**/wizard-d/new")
    title(page, "Choose the algorithm")
    step(page, "Data")
    assert named(page, "Path").input_value() == ""


def test_hostile_names_are_words_only(opened: Opened) -> None:
    page = opened("/wizard-e/new")
    to_data(page, f"/{HOSTILE}")
    page.get_by_text(HOSTILE).first.wait_for()
    step(page, "Job settings")
    named(page, "Region label").fill(HOSTILE)
    step(page, "Summary")
    page.locator(".wizard-fault", has_text="onerror").wait_for()
    page.get_by_role("region", name="config.yaml").filter(has_text="onerror").wait_for()
    assert yaml.safe_load(code(page, "config.yaml"))["trainingInput"]["region"] == HOSTILE
    assert page.locator("main img").count() == 0
    page.evaluate("sessionStorage.setItem('boxwright.new.wizard-e', '{\"colour\": 1}')")
    page.reload()  # a draft of another version is forgotten
    page.get_by_text("--training_data_path is required").wait_for()
    page.evaluate("sessionStorage.setItem('boxwright.new.wizard-e', 'no JSON')")
    page.reload()
    page.get_by_text("--training_data_path is required").wait_for()


def test_a_job_is_cloned_with_changes(console: Any, opened: Opened, shapes: Path) -> None:
    given = {
        "jobId": "first",
        "labels": {"team": "cells"},
        "trainingInput": {
            "masterConfig": {"imageUri": "gcr.io/cloud-ml-algos/sagemaker_object_detection:latest"},
            "region": "here",
            "args": [
                f"--training_data_path={shapes}/train-*",
                "--num_classes=2",
                "--num_training_samples=6",
                "--epochs=3",
            ],
        },
    }
    console.ask("POST", "/v1/projects/wizard-f/jobs", json=given)
    page = opened("/wizard-f/new?clone=first")
    page.get_by_text("All values were taken from the job first").wait_for()
    assert page.get_by_role("button", name=re.compile("^sagemaker_object_detection SSD")).get_attribute("aria-pressed")
    step(page, "Arguments")
    assert named(page, "epochs").input_value() == "3"
    named(page, "epochs").fill("4")
    step(page, "Summary")
    page.get_by_text("Nothing is wrong with this job").wait_for()
    page.get_by_role("button", name="Submit the job").click()
    page.wait_for_url(re.compile(r"/wizard-f/jobs/first_\d{8}_\d{6}$"))
    job = console.ask("GET", f"/v1/projects/wizard-f/jobs/{page.url.rpartition('/')[2]}")
    assert job["labels"] == {"team": "cells"} and job["trainingInput"]["region"] == "here"
    assert "--epochs=4" in job["trainingInput"]["args"]


def test_a_data_set_is_taken_with_its_parts(console: Any, opened: Opened, shapes: Path) -> None:
    console.ask("POST", "/v1/projects/wizard-g/datasets", json={"name": "shapes", "path": str(shapes)})
    for _ in range(200):
        found = console.ask("GET", "/v1/projects/wizard-g/datasets/shapes")
        if found["state"] == "READY":
            break
        time.sleep(0.1)
    page = opened("/wizard-g/new?dataset=shapes")
    step(page, "Data")
    assert page.get_by_role("combobox", name="Data set of this project").first.input_value() == "shapes"
    page.get_by_text(found["trainingDataPath"]).first.wait_for()
    step(page, "Summary")
    page.get_by_text("Nothing is wrong with this job").wait_for()
    args = yaml.safe_load(code(page, "config.yaml"))["trainingInput"]["args"]
    expected = {"training_data_path": "trainingDataPath", "validation_data_path": "validationDataPath"}
    assert args == [f"--{name}={found[key]}" for name, key in expected.items() if found.get(key)]
    step(page, "Job settings")
    assert named(page, "Job id").input_value().startswith("shapes_")
    step(page, "Data")
    page.get_by_role("combobox", name="Source").nth(1).click()
    page.get_by_role("option", name="A part of the training data").click()
    page.get_by_text("otherwise a fifth of its pictures").wait_for()
    page.get_by_role("combobox", name="Source").nth(1).click()
    page.get_by_role("option", name="Data set of this project").click()
    page.get_by_role("combobox", name="Data set of this project").nth(1).click()
    page.get_by_role("option", name="shapes").click()
    page.get_by_text("otherwise a fifth of its pictures").wait_for()  # never those that it learns from
    page.get_by_role("button", name="Browse").click()  # of the output directory
    page.get_by_role("dialog").get_by_role("button", name="Choose").wait_for()
    page.get_by_role("dialog").get_by_label("Folder", exact=False).last.fill(str(console.folder))
    page.get_by_role("dialog").get_by_role("button", name="Choose").click()
    expect(named(page, "Output directory")).to_have_value(re.compile(f"^{console.folder}/shapes_"))


def test_another_algorithm_keeps_what_both_know(opened: Opened) -> None:
    page = opened("/wizard-h/new")
    step(page, "Arguments")
    named(page, "Find an argument").fill("patience")
    named(page, "early_stopping_patience").fill("3")
    named(page, "Find an argument").fill("huber")
    named(page, "huber_delta").fill("0.3")
    step(page, "Algorithm")
    page.get_by_role("button", name=re.compile("^sagemaker_object_detection_tensorflow")).click()
    step(page, "Arguments")
    assert named(page, "early_stopping_patience").input_value() == "3"
    assert named(page, "learning_rate").get_attribute("placeholder") == "default: 0.001"
    step(page, "Summary")
    page.get_by_text("--early_stopping_patience").first.wait_for()
    assert "huber_delta" not in code(page, "config.yaml")


FAKE = """
import json, sys, time
from pathlib import Path
folder = Path(sys.argv[1])
arguments = json.loads((folder / "job.json").read_text())["arguments"]
values = dict(total_seconds=90.0, low_seconds=80.0, high_seconds=100.0, preparation_seconds=5.0, step_seconds=0.5,
    steps=120, measured_steps=20, evaluation_seconds=2.0, evaluations=10, export_seconds=15.0, batch_size=4,
    image_size=[64, 96], training_pictures=6, accelerator="cpu", may_end_early=True, memory_bytes=2 * 10**9,
    device_memory_bytes=0, disk_bytes=3 * 10**8)
event = {"kind": "estimate", "step": 3, "values": {"phase": "steps"}, "time": 0}
(folder / "events.jsonl").write_text(json.dumps(event) + "\\n")
time.sleep(2)
failed = {"status": "failed", "error": "no <b>memory</b>"}
done = {"status": "finished", **values}
(folder / "result.json").write_text(json.dumps(failed if "max_steps" in arguments else done))
"""


def test_the_cost_is_measured_and_shown(
    console: Any, opened: Opened, shapes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "fake.py").write_text(FAKE)
    fake = Estimates((sys.executable, "-S", str(tmp_path / "fake.py")))
    monkeypatch.setitem(console.context.__dict__, "estimates", fake)
    page = opened("/wizard-i/new?step=summary")
    page.get_by_role("button", name="Measure").click()
    page.locator(".failure", has_text="--training_data_path is required").wait_for()
    to_data(page, f"{shapes}/train-*")
    step(page, "Summary")
    page.get_by_text("Nothing is wrong with this job").wait_for()
    page.get_by_role("button", name="Measure").click()
    page.get_by_text("Trains: 3 steps measured").wait_for()
    page.get_by_text("time, most likely 1 min 20 s to 1 min 40 s").wait_for()
    shown = page.locator(".tiles").inner_text()
    assert "1 min 30 s" in shown.replace("\u202f", " ").replace("\xa0", " ")
    assert page.get_by_text("120 of 0.50 s each").count() == 1
    assert page.get_by_text("It may end earlier").count() == 1
    step(page, "Arguments")
    named(page, "max_steps").fill("5")
    step(page, "Summary")
    page.get_by_text("Nothing is wrong with this job").wait_for()
    page.get_by_role("button", name="Measure").click()
    page.get_by_text("no <b>memory</b>").wait_for()


def test_what_the_server_refuses_at_last_is_told(console: Any, opened: Opened, shapes: Path) -> None:
    page = opened("/wizard-j/new")
    to_data(page, f"{shapes}/train-*")
    step(page, "Job settings")
    named(page, "Job id").fill("taken")
    step(page, "Summary")
    page.get_by_text("Nothing is wrong with this job").wait_for()
    waits = {"jobId": "taken", "trainingInput": {"masterConfig": {"imageUri": "wait"}}}
    console.ask("POST", "/v1/projects/wizard-j/jobs", json=waits)
    page.get_by_role("button", name="Submit the job").click()
    page.get_by_text("The server has refused the job").wait_for()
    page.locator(".wizard-fault", has_text="has a job 'taken' already").wait_for()
    assert page.get_by_role("button", name="Submit the job").is_disabled()


def test_a_viewer_is_told_who_may_submit(console: Any, opened: Opened) -> None:
    page = opened("/wizard-k/new", role="viewer")
    page.get_by_text("Your token has the role viewer").wait_for()
    assert page.get_by_role("button", name="Next").count() == 0
    with console.client("viewer") as client:
        assert client.post("/v1/projects/wizard-k/jobs", json={"jobId": "x"}).status_code == 403


def test_a_machine_is_chosen_by_name(opened: Opened, shapes: Path) -> None:
    page = opened("/wizard-l/new")
    to_data(page, f"{shapes}/train-*")
    step(page, "Job settings")
    page.get_by_role("combobox", name="Scale tier").click()
    page.get_by_role("option", name=re.compile("CUSTOM")).click()
    named(page, "Machine type").fill("n1-standard-96")
    page.get_by_text("it falls short of what was asked for").first.wait_for()
    page.get_by_role("switch", name=re.compile("Train on the nearest")).click()
    page.get_by_text("masterType n1-standard-96 (96 cores, 360 GB) ->").wait_for()
    step(page, "Summary")
    config = yaml.safe_load(code(page, "config.yaml"))["trainingInput"]
    assert (config["scaleTier"], config["masterType"], config["allowSubstitute"]) == ("CUSTOM", "n1-standard-96", True)


def test_many_files_and_browsing(opened: Opened, shapes: Path) -> None:
    page = opened("/wizard-m/new")
    step(page, "Data")
    page.get_by_role("combobox", name="Source").first.click()
    page.get_by_role("option", name="Many files in one directory").click()
    named(page, "Directory path").fill(str(shapes))
    named(page, "Wildcard name").fill("train-*")
    page.get_by_text(f"{shapes}/train-*").first.wait_for()
    page.get_by_text("1 file, 6 records").wait_for()
    page.get_by_role("button", name="Browse").first.click()
    page.get_by_role("dialog").wait_for()
    page.get_by_role("dialog").get_by_role("button", name="Choose").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert named(page, "Directory path").input_value() == str(shapes)


def test_a_phone_shows_all_of_it_in_spanish(opened: Opened) -> None:
    page = opened("/wizard-n/new", width=390, dark=True, locale="es")
    for words in ("Elija el algoritmo", "Elija los datos", "Fije los argumentos", "Dé nombre", "Revise y envíe"):
        page.get_by_role("heading", name=words).wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert page.locator("main h1").count() == 1
        buttons = page.locator("main button:not([aria-label])")
        assert buttons.evaluate_all("all => all.filter(it => !it.innerText.trim())") == []
        if words != "Revise y envíe":
            page.get_by_role("button", name="Siguiente").click()


def test_japanese(opened: Opened) -> None:
    page = opened("/wizard-o/new", locale="ja")
    page.get_by_role("heading", name="アルゴリズムを選択する").wait_for()
    assert page.get_by_text("RetinaNet:").count() == 1


def test_back_leads_to_the_step_before_and_then_out(opened: Opened, shapes: Path) -> None:
    page = opened("/wizard-p/jobs")
    page.locator(".header .primary-link").click()
    title(page, "Choose the algorithm")
    to_data(page, f"{shapes}/train-*")
    page.get_by_text("1 file, 6 records").wait_for()
    step(page, "Job settings")
    title(page, "Name the job")
    page.go_back()
    title(page, "Choose training and validation data")
    assert named(page, "Path").input_value() == f"{shapes}/train-*"
    page.go_back()
    title(page, "Choose the algorithm")
    page.go_forward()
    title(page, "Choose training and validation data")
    page.wait_for_url(re.compile(r"/wizard\-p/new\?step=data$"))
    page.go_back()
    title(page, "Choose the algorithm")
    page.go_back()
    title(page, "No jobs yet")
    page.wait_for_url("**/wizard-p/jobs")


def test_a_data_set_is_described_though_its_folder_is_not_browsed(opened: Opened, console: Any) -> None:
    drawn = {"pictures": 4, "validation": 2, "width": 64, "height": 48, "seed": 0, "format": "coco"}
    made = {"name": "drawn", "draw": {**drawn, "classes": ["circle"]}}
    console.ask("POST", "/v1/projects/wizard-q/datasets", json=made)
    end = time.monotonic() + 30
    while console.ask("GET", "/v1/projects/wizard-q/datasets/drawn")["state"] == "IMPORTING":
        assert time.monotonic() < end
        time.sleep(0.05)
    page = opened("/wizard-q/new?dataset=drawn&step=data")
    page.get_by_text("coco: train (4), validation (2)").first.wait_for()
    assert "6 pictures" in page.inner_text("main")
    assert "can be looked at" not in page.inner_text("main")
