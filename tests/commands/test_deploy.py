"""`boxwright deploy`, `models` and `versions` against a real server whose worker processes are not real."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from boxwright.commands.deployments import next_version, read_traffic, shown


@pytest.fixture
def folder(serving_plane: Any, deployable: Callable[..., str]) -> Iterator[str]:
    """A model that can be deployed, named as from the current folder."""
    deployable(Path("runs") / "cells" / "model")
    assert serving_plane
    yield "runs/cells/model"


def test_a_model_is_deployed_again_and_undeployed(command: Any, folder: str) -> None:
    first = command("deploy", folder, "cells", "--workers=2")
    assert (first.status, first.err) == (0, "Version [v1] of model [cells] answers.\n")
    assert first.out.strip().endswith("/v1/projects/local/models/cells/versions/v1:predict")
    second = command("deploy", folder, "cells", "--settings=threads=1,max-batch=2")
    assert second.err == "Version [v2] of model [cells] answers.\n"
    assert command("deploy", folder, "cells", "--no-default", "--version=try").status == 0
    listed = command("models", "list").out.splitlines()
    assert [line.split() for line in listed] == [["NAME", "DEFAULT_VERSION_NAME"], ["cells", "v2"]]
    rows = [line.split() for line in command("versions", "list", "--model=cells").out.splitlines()]
    path = os.path.abspath(folder)
    assert rows == [["NAME", "DEPLOYMENT_URI", "STATE"], *([name, path, "READY"] for name in ("try", "v1", "v2"))]
    described = yaml.safe_load(command("versions", "describe", "v2", "--model=cells").out)
    assert described["settings"] == {"max_batch": "2", "threads": "1"} and described["isDefault"]
    for version in ("v1", "try", "v2"):
        deleted = command("versions", "delete", version, "--model=cells")
        assert (deleted.status, deleted.err) == (0, f"Deleted version [{version}] of model [cells].\n")
    assert command("models", "delete", "cells").err == "Deleted model [cells].\n"
    assert command("models", "list", "--format=json").out == "[]\n"


def test_the_commands_of_gcloud(command: Any, folder: str) -> None:
    words = ("--description=blood", "--labels=owner=lab", "--regions=here", "--enable-logging")
    made = command("models", "create", "cells", *words)
    assert (made.status, made.err) == (0, "Created model [projects/local/models/cells].\n")
    created = command("versions", "create", "v1", "--model=cells", f"--origin={folder}", "--framework=tensorflow")
    assert created.err == "Created version [v1] of model [cells].\n"
    model = yaml.safe_load(command("models", "describe", "cells").out)
    assert model["onlinePredictionLogging"] and model["defaultVersion"]["framework"] == "TENSORFLOW"
    command("versions", "create", "v2", "--model=cells", f"--origin={folder}")
    assert command("versions", "set-default", "v2", "--model=cells").status == 0
    assert "cells  v2" in command("models", "describe", "cells", "--format=table").out
    assert "READY" in command("versions", "describe", "v2", "--model=cells", "--format=table").out


def test_models_and_versions_are_changed(command: Any, folder: str) -> None:
    command("deploy", folder, "cells")
    command("deploy", folder, "cells")
    words = ("--traffic=v1=25,v2=75", "--update-labels=a=b,c=d", "--description=x")
    assert command("models", "update", "cells", *words).err == "Model [cells] updated.\n"
    assert command("models", "update", "cells", "--remove-labels=a", "--update-labels=e=f").status == 0
    model = json.loads(command("models", "describe", "cells", "--format=json").out)
    assert (model["traffic"], model["labels"]) == ({"v1": 25, "v2": 75}, {"c": "d", "e": "f"})
    assert command("models", "update", "cells", "--traffic=", "--clear-labels").status == 0
    assert not {"traffic", "labels"} & yaml.safe_load(command("models", "describe", "cells").out).keys()
    changed = command("versions", "update", "v2", "--model=cells", "--workers=2", "--settings=threads=1")
    assert (changed.status, changed.err) == (0, "Updated version [v2] of model [cells].\n")
    again = ("versions", "update", "v2", "--model=cells", f"--origin={folder}", "--settings=", "--description=y")
    assert command(*again).status == 0
    version = yaml.safe_load(command("versions", "describe", "v2", "--model=cells").out)
    assert (version["manualScaling"], version["description"]) == ({"nodes": 2}, "y") and "settings" not in version


def test_what_goes_wrong_is_told(command: Any, folder: str, deployable: Callable[..., str]) -> None:
    deployable(Path("runs") / "broken", message="the digest is another")
    failed = command("deploy", "runs/broken", "broken")
    assert (failed.status, failed.err) == (1, "boxwright: the digest is another\n")
    left = command("deploy", folder, "left", "--settings=threads")
    assert left.status == 1 and "--settings is such as threads=2,max_batch=8" in left.err
    for words, said in (
        (("versions", "create", "v1", "--model=none", f"--origin={folder}"), "has no model none"),
        (("models", "update", "broken"), "give --description, --traffic"),
        (("models", "update", "broken", "--clear-labels", "--remove-labels=a"), "exclude each other"),
        (("versions", "update", "v1", "--model=broken"), "give --origin, --workers, --settings or --description"),
        (("deploy", folder, "two words"), "a model's name is 1 to 63"),
        (("models", "list", "--format=xml"), "--format must be"),
    ):
        ran = command(*words)
        assert ran.status == 1 and said in ran.err, words
    started = command("versions", "create", "v2", "--model=broken", f"--origin={folder}", "--async")
    assert started.err == "Creating version [v2] of model [broken].\n"


@pytest.mark.parametrize(
    ("taken", "name"), [(set(), "v1"), ({"v1", "v3", "x"}, "v4"), ({"v", "vx", "try"}, "v1"), ({"v9", "v10"}, "v11")]
)
def test_names_of_versions_follow_each_other(taken: set[str], name: str) -> None:
    assert next_version(taken) == name


@pytest.mark.parametrize("text", ["v1", "v1=x", "v1=1,v1=2", "v1=-1"])
def test_traffic_that_cannot_be_read(text: str) -> None:
    with pytest.raises(ValueError, match="--traffic is percentages such as v1=90,v2=10"):
        read_traffic(text)


def test_tables_show_short_names() -> None:
    model = {"name": "projects/p/models/m", "defaultVersion": {"name": "projects/p/models/m/versions/v"}}
    assert shown(model) == {"name": "m", "defaultVersion": "v"}
