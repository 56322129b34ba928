"""The catalogue of models as SageMaker's helpers see it: ids, URIs and published hyper-parameters."""

import difflib

from boxwright.algorithms import ALGORITHMS
from boxwright.arguments import as_text
from boxwright.sagemaker.images import TENSORFLOW

SCHEME = "boxwright://models/"

PUBLISHED = (
    *("batch_size", "epochs", "optimizer", "learning_rate", "beta_1", "beta_2", "momentum", "epsilon", "rho"),
    *("initial_accumulator_value", "reinitialize_top_layer", "train_only_on_top_layer"),
    *("early_stopping", "early_stopping_patience", "early_stopping_min_delta"),
)
"""SageMaker's hyper-parameters of these models, in the order of its table."""


def check_model(model_id: str | None) -> str:
    """The id, if it is in the catalogue.

    Raises:
        ValueError: it is not; names close ones.
    """
    catalogue = ALGORITHMS[TENSORFLOW].catalogue
    if model_id not in catalogue:
        close = difflib.get_close_matches(model_id or "", catalogue, 3, 0.3) or list(catalogue)[:3]
        raise ValueError(
            f"model_id must be one of the catalogue's {len(catalogue)}, such as {', '.join(close)}, got {model_id!r}"
        )
    assert model_id is not None, "it is in the catalogue"
    return model_id


def default_hyperparameters(model_id: str) -> dict[str, str]:
    """The published hyper-parameters of a model of the catalogue, as texts.

    Args:
        model_id: the catalogue's own default where empty.
    """
    algorithm = ALGORITHMS[TENSORFLOW]
    values, arguments = algorithm.published(model_id), {one.name: one for one in algorithm.arguments}
    return {
        name: as_text(arguments[name].word(values.get(arguments[name].path, arguments[name].field.default)))
        for name in PUBLISHED
    }


def model_uri(model_id: str) -> str:
    """The URI of a model of the catalogue."""
    return SCHEME + model_id


def model_id_of(uri: str) -> str:
    """The id in a URI of the catalogue; empty for any other URI."""
    return uri.removeprefix(SCHEME) if uri.startswith(SCHEME) else ""
