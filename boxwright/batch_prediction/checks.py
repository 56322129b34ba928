"""What is looked at before a batch prediction begins."""

from collections.abc import Callable
from functools import partial

from boxwright import files, modeldir
from boxwright.batch_prediction.plan import Output, find_inputs, identify
from boxwright.batch_prediction.sources import check_inputs
from boxwright.spec.prediction import PredictionInput
from boxwright.spec.resource import Fault, Faults


def no_models(name: str) -> str:
    """Raises: LookupError: always."""
    raise LookupError(f"no models are deployed here, got {name!r}; name the model's folder in uri (--model-dir)")


def resolve(
    given: PredictionInput, deployed: Callable[[str], str] = no_models, place: Callable[[str], None] = lambda _: None
) -> tuple[PredictionInput, list[Fault]]:
    """A prediction with its model's folder in `uri`, and all that is wrong with it.

    Args:
        deployed: folder of a deployed model by its name. Raises LookupError.
        place: raises ValueError where results may not be written to a folder.
    """
    faults, root = Faults(), "predictionInput"
    named = "versionName" if given.version_name else "modelName" if given.model_name else "uri"
    faults.try_(f"{root}.{named}", lambda: check_model(model_folder(given, deployed)))
    for index, path in enumerate(given.input_paths):
        faults.try_(f"{root}.inputPaths[{index}]", partial(check_inputs, given.data_format, path))
    faults.try_(f"{root}.outputPath", lambda: place(given.output_path))
    if faults.found:
        return given, faults.found
    given = given.model_copy(update={"uri": model_folder(given, deployed)})
    faults.try_(f"{root}.outputPath", lambda: Output(given.output_path).check(identify(given, find_inputs(given))))
    return given, faults.found


def model_folder(given: PredictionInput, deployed: Callable[[str], str]) -> str:
    """The folder of a prediction's model.

    Raises:
        LookupError: no model of this name is deployed.
        ValueError: the name stands for another folder than the one that is given with it.
    """
    name = given.version_name or given.model_name
    if not name:
        return given.uri
    folder = deployed(name)
    if given.uri not in ("", folder):
        raise ValueError(f"{name} is {folder}, and uri is {given.uri}; give one of them")
    return folder


def check_model(folder: str) -> None:
    """A folder holds a model that can be run. Raises: OSError, ValueError."""
    modeldir.read_card(folder)
    path = files.join(folder, modeldir.ONNX)
    if not files.is_file(path):
        raise FileNotFoundError(f"{path} is missing; make it with 'boxwright export {folder} --to=onnx'")
