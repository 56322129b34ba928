"""What platforms tell a container that serves a model, by its environment, as words of `boxwright serve`."""

from collections.abc import Mapping, Sequence

EVERYWHERE = "0.0.0.0"
"""A container listens on all of its addresses: the platform calls it from outside."""

VERTEX = {"AIP_HTTP_PORT": "port", "AIP_HEALTH_ROUTE": "health-route", "AIP_PREDICT_ROUTE": "predict-route"}
"""Vertex AI's variables and the options that they stand for."""

STORAGE = "AIP_STORAGE_URI"
"""Vertex AI's variable that holds the folder of the model."""

SAGEMAKER_PORT = "SAGEMAKER_BIND_TO_PORT"


def vertex_words(words: Sequence[str], environment: Mapping[str, str]) -> list[str]:
    """Words of `boxwright serve`, completed by what Vertex AI has set. What is given already stays.

    Args:
        words: the model's folder, which may be left out, and options.
        environment: variables of the process.
    """
    found = {option: environment[name] for name, option in VERTEX.items() if environment.get(name)}
    if "port" in found:
        found["host"] = EVERYWHERE
    given = {word.removeprefix("--").partition("=")[0].replace("_", "-") for word in words if word.startswith("--")}
    if "uds" in given:
        given |= {"host", "port"}
    named = bool(words) and not words[0].startswith("-")
    model = [environment[STORAGE]] if environment.get(STORAGE) and not named else []
    return [*model, *words, *(f"--{option}={value}" for option, value in found.items() if option not in given)]


def sagemaker_words(root: str, environment: Mapping[str, str]) -> list[str]:
    """Words of `boxwright serve` in a container that SageMaker starts with `serve`.

    Args:
        root: folder with `model/`.
        environment: variables of the process.
    """
    port = environment.get(SAGEMAKER_PORT) or "8080"
    return [f"{root}/model", "--name=model", f"--host={EVERYWHERE}", f"--port={port}"]
