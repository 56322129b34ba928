"""An evaluation as it is kept in `evaluation.json` and `pictures.json`, and as the API gives it."""

from typing import Literal

from pydantic import Field

from boxwright.evaluation.shown import Corners, ShownBox, ShownClass
from boxwright.spec.resource import Resource

KindName = Literal["CORRECT", "IGNORED", "BADLY_PLACED", "WRONG_CLASS", "DUPLICATE", "BOTH", "BACKGROUND", "MISSED"]
"""Names of `boxwright.metrics.errors.Kind`."""

BACKGROUND = -1
"""Stands for the background where a class is asked for."""


class ScoreCurve(Resource):
    """Precision over recall at IoU 0.5, from the highest score down."""

    recall: tuple[float, ...] = ()
    precision: tuple[float, ...] = ()
    score: tuple[float, ...] = Field(default=(), description="from which on the point counts predictions")


class ClassResult(ShownClass):
    """How well one class is found. What is undefined, because nothing is labelled, is left out."""

    label: int = Field(description="place in the list of classes, from 0")
    boxes: int = Field(description="labelled, crowds left out")
    predictions: int = Field(description="of any score")
    ap: float | None = Field(default=None, description="average precision, mean over IoU 0.50 to 0.95")
    ap50: float | None = Field(default=None, description="average precision at IoU 0.5")
    precision: float = Field(default=0.0, description="at the evaluation's threshold")
    recall: float = Field(default=0.0, description="at the evaluation's threshold")
    best_threshold: float = Field(default=0.5, description="the score at which F1 of this class alone is highest")
    best_precision: float = Field(default=0.0, description="there")
    best_recall: float = Field(default=0.0, description="there")
    best_f1: float = Field(default=0.0, description="there")
    curve: ScoreCurve = ScoreCurve()


class ErrorCount(Resource):
    """One kind of error."""

    kind: KindName
    count: int = Field(description="at the threshold")
    cost: float = Field(description="by how much AP50 would rise if only these were mended, 0 to 1; of any score")


class ErrorsOfClass(Resource):
    """Errors of one class: of predictions the predicted one, of missed boxes the labelled one."""

    label: int
    counts: dict[KindName, int]


class Evaluation(Resource):
    """A model's figures on labelled pictures."""

    step: int = Field(default=0, description="training steps of the weights")
    data: str = Field(default="", description="where the pictures are from")
    pictures: int
    boxes: int = Field(description="labelled, crowds left out")
    predictions: int = Field(description="of any score")
    metrics: dict[str, float] = Field(description="by name; -1 where nothing of the kind is labelled")
    threshold: float = Field(description="the score at which F1 over all classes is highest; errors are counted there")
    precision: float = Field(description="at the threshold")
    recall: float = Field(description="at the threshold")
    f1: float = Field(description="at the threshold")
    found_iou: float = Field(description="overlap from which a box counts as found")
    background_iou: float = Field(description="overlap below which a prediction lies on background")
    classes: tuple[ClassResult, ...]
    confusion: tuple[tuple[int, int, int], ...] = Field(
        description="labelled class, predicted class, how often; -1 is the background; empty cells are left out"
    )
    errors: tuple[ErrorCount, ...]
    errors_by_class: tuple[ErrorsOfClass, ...]
    kept_pictures: int = Field(description="copies of pictures that can be looked at")


class JudgedBox(ShownBox):
    """A labelled box, or a prediction from the threshold on, and what became of it."""

    kind: KindName
    partner: int | None = Field(default=None, description="of a prediction: place of the labelled box that makes it so")
    overlap: float | None = Field(default=None, description="with it: intersection over union")
    met: int | None = Field(
        default=None, description="of a prediction: place of the labelled box that it meets in the matrix"
    )


class JudgedPicture(Resource):
    """A kept picture with all that was labelled and predicted there."""

    source: str = Field(description="its name in the data set")
    width: int = Field(description="of the copy, in pixels")
    height: int = Field(description="of the copy, in pixels")
    truth: tuple[JudgedBox, ...] = ()
    predictions: tuple[JudgedBox, ...] = ()


class JudgedPictures(Resource):
    """What `pictures.json` holds."""

    pictures: tuple[JudgedPicture, ...] = ()


class Finding(Resource):
    """A box that an error, or a cell of the confusion matrix, speaks of."""

    kind: KindName
    picture: int = Field(description="number of the kept picture, from 1")
    source: str = Field(description="the picture's name in the data set")
    true_class: int = Field(description="label of the labelled box that it is about; -1 for the background")
    predicted_class: int = Field(description="label of the prediction; -1 where there is none")
    score: float | None = None
    overlap: float | None = None
    truth: int | None = Field(default=None, description="place of the labelled box among the picture's")
    prediction: int | None = Field(default=None, description="place of the prediction among the picture's")
    box: Corners = Field(description="of the prediction, or of a box that was missed")
