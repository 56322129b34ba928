"""Tests of `predictionInput`."""

from typing import Any

import pytest

from boxwright.spec.prediction import PredictionInput
from boxwright.spec.resource import InvalidResource

GIVEN = {"uri": "/model", "dataFormat": "JSON", "inputPaths": ["/in/*"], "outputPath": "/out"}


def test_defaults_are_the_services_but_for_the_batch() -> None:
    given = PredictionInput.read(GIVEN)
    assert (given.max_worker_count, given.batch_size, given.output_data_format) == (10, 4, "JSON")
    assert given.written() == GIVEN


def test_numbers_of_64_bits_are_texts_in_json() -> None:
    given = PredictionInput.read({**GIVEN, "batchSize": "64", "maxWorkerCount": 3, "runtimeVersion": 2.1})
    assert (given.batch_size, given.max_worker_count) == (64, 3)
    assert given.written() == {**GIVEN, "batchSize": "64", "maxWorkerCount": "3", "runtimeVersion": "2.1"}
    assert PredictionInput.model_validate_json(given.model_dump_json()) == given


@pytest.mark.parametrize(
    ("changes", "path", "said"),
    [
        ({"dataFormat": "CSV"}, "dataFormat", "'JSON', 'TEXT', 'TF_RECORD', 'TF_RECORD_GZIP' or 'IMAGE'"),
        ({"outputDataFormat": "CSV"}, "outputDataFormat", "'DATA_FORMAT_UNSPECIFIED' or 'JSON'"),
        ({"inputPaths": []}, "inputPaths", "at least 1 item"),
        ({"inputPaths": ["a", " "]}, "inputPaths", "got an empty one"),
        ({"outputPath": ""}, "outputPath", "at least 1 character"),
        ({"batchSize": 0}, "batchSize", "greater than or equal to 1"),
        ({"maxWorkerCount": "many"}, "maxWorkerCount", "valid integer"),
        ({"signatureName": "other"}, "signatureName", "'serving_default'"),
        ({"uri": ""}, "", "name the model by uri"),
        ({"modelName": "m"}, "", "has the form projects/PROJECT/models/MODEL, got 'm'"),
        ({"versionName": "projects/p/models/m"}, "", "models/MODEL/versions/VERSION"),
        ({"modelName": "projects/p/models/m", "versionName": "projects/p/models/m/versions/v"}, "", "exclude each"),
        ({"inputpaths": []}, "inputpaths", "unknown key"),
    ],
)
def test_what_is_refused(changes: dict[str, Any], path: str, said: str) -> None:
    with pytest.raises(InvalidResource) as refused:
        PredictionInput.read({**GIVEN, **changes})
    (fault,) = refused.value.faults
    assert fault.path == path and said in fault.message


@pytest.mark.parametrize(
    ("changes", "model"),
    [({}, "/model"), ({"modelName": "projects/p/models/m"}, "projects/p/models/m")],
)
def test_what_names_the_model(changes: dict[str, Any], model: str) -> None:
    assert PredictionInput.read({**GIVEN, **changes}).model == model
