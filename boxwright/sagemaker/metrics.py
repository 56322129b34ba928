"""Numbers that algorithms write into their logs, as SageMaker names and finds them."""

from boxwright.sagemaker.images import OBJECT_DETECTION, TENSORFLOW
from boxwright.sagemaker.job import MetricDefinition

NUMBER = r"\(?(-?[0-9.]+(?:e[-+]?[0-9]+)?)"

OWN: tuple[MetricDefinition, ...] = (
    {"Name": "train:loss", "Regex": rf"^step \d+: loss {NUMBER}"},
    {"Name": "validation:AP", "Regex": rf"\bAP {NUMBER}  AP50 "},
    {"Name": "validation:AP50", "Regex": rf"  AP50 {NUMBER}"},
)
"""In the lines that every algorithm writes."""

SAGEMAKER: dict[str, tuple[MetricDefinition, ...]] = {
    OBJECT_DETECTION: (
        {"Name": "train:cross_entropy", "Regex": rf"train cross_entropy <loss>={NUMBER}"},
        {"Name": "train:smooth_l1", "Regex": rf"train smooth_l1 <loss>={NUMBER}"},
        {"Name": "train:throughput", "Regex": rf"train throughput={NUMBER}"},
        {"Name": "validation:mAP", "Regex": rf"validation mAP <score>={NUMBER}"},
    ),
    TENSORFLOW: (
        {"Name": "validation:localization_loss", "Regex": rf"Val_localization={NUMBER}"},
        {"Name": "validation:classification_loss", "Regex": rf"Val_classification={NUMBER}"},
    ),
}
"""In the lines that an algorithm writes as SageMaker's does."""


def published_metrics(algorithm: str) -> tuple[MetricDefinition, ...]:
    """The metrics of an algorithm, by its name."""
    return (*OWN, *SAGEMAKER.get(algorithm, ()))
