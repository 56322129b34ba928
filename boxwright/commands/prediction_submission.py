"""From the flags of `jobs submit prediction` to a job that can be sent, or a `predictionInput` that is run here."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from boxwright import files
from boxwright.batch_prediction.checks import resolve
from boxwright.commands.config_file import ConfigFile
from boxwright.commands.submission import Submission, absolute
from boxwright.job_flags import read_labels
from boxwright.spec.job import JobRequest
from boxwright.spec.prediction import PredictionInput
from boxwright.spec.resource import InvalidResource

DATA_FORMATS = {
    "json": "JSON",
    "text": "TEXT",
    "tf-record": "TF_RECORD",
    "tf-record-gzip": "TF_RECORD_GZIP",
    "image": "IMAGE",
}
"""By what `--data-format` says."""

FLAGS = {
    "data_format": "dataFormat",
    "input_paths": "inputPaths",
    "output_path": "outputPath",
    "region": "region",
    "model_dir": "uri",
    "model": "modelName",
    "version": "versionName",
    "batch_size": "batchSize",
    "max_worker_count": "maxWorkerCount",
    "runtime_version": "runtimeVersion",
    "signature_name": "signatureName",
}
"""By parameter of the command, the name in `predictionInput`. What is None was not given."""


def read_prediction(job_id: str, options: Mapping[str, Any], project: str, folder: Path) -> Submission:
    """A job from the command's parameters by name; those not in `FLAGS` are ignored.

    Args:
        project: that the model is looked for in.
        folder: where relative paths start.

    Raises:
        ValueError: with every fault that can be seen from here, and its flag.
    """
    values = prediction_values(options, project, folder)
    request: dict[str, Any] = {"jobId": job_id, "predictionInput": values}
    if options.get("labels"):
        request["labels"] = read_labels(options["labels"])
    flags = {f"predictionInput.{path}": f"--{name.replace('_', '-')}" for name, path in FLAGS.items() if path in values}
    submission = Submission(request, ConfigFile(), {**flags, "jobId": "JOB", "labels": "--labels"})
    try:
        JobRequest.read(request)
    except InvalidResource as error:
        raise ValueError(submission.explained(error.faults)) from error
    return submission


def prediction_values(options: Mapping[str, Any], project: str, folder: Path) -> dict[str, Any]:
    """`predictionInput` as JSON, with absolute paths: the server may run in another folder.

    Raises:
        ValueError: an unknown data format, or flags that do not fit together.
    """
    given = {path: options[name] for name, path in FLAGS.items() if options.get(name) is not None}
    form = str(given["dataFormat"]).lower().replace("_", "-")
    if form not in DATA_FORMATS:
        raise ValueError(f"--data-format must be one of {', '.join(DATA_FORMATS)}, got {given['dataFormat']!r}")
    given["dataFormat"] = DATA_FORMATS[form]
    given["inputPaths"] = [absolute(path, folder) for path in input_paths(given["inputPaths"], folder)]
    given["outputPath"] = absolute(given["outputPath"], folder)
    if "uri" in given:
        given["uri"] = absolute(given["uri"], folder)
    names = _model_names(given.pop("modelName", None), given.pop("versionName", None), project)
    if bool(names) == ("uri" in given):
        raise ValueError("give the model by one of --model-dir and --model")
    return given | names


def input_paths(text: str, folder: Path) -> list[str]:
    """The paths of `--input-paths`, which commas separate, unless there is a file of that very name."""
    if files.is_local(text) and (folder / text).exists():
        return [text]
    return [part.strip() for part in text.split(",") if part.strip()]


def _model_names(model: str | None, version: str | None, project: str) -> dict[str, str]:
    if version and not model:
        raise ValueError(f"--version={version} needs --model")
    if not model:
        return {}
    name = model if "/" in model else f"projects/{project}/models/{model}"
    return {"versionName": f"{name}/versions/{version}"} if version else {"modelName": name}


def read_local_prediction(options: Mapping[str, Any], folder: Path) -> PredictionInput:
    """What is predicted here, without a server; looked at as a server looks at it.

    Raises:
        ValueError: with every fault and its option.
    """
    sent = read_prediction("local", options, "local", folder)
    given, faults = resolve(PredictionInput.read(sent.request["predictionInput"]))
    if faults:
        raise ValueError(replace(sent, flags={**sent.flags, "predictionInput.uri": "MODEL"}).explained(faults))
    return given
