"""Evaluations and comparisons as the API gives them, and the shape of it for the API's description."""

from pydantic import Field

from boxwright.bench.compare import Show
from boxwright.bench.record import State
from boxwright.evaluation.results import Evaluation as Figures
from boxwright.evaluation.results import KindName
from boxwright.evaluation.shown import ShownBox
from boxwright.spec.resource import Resource

OUTPUT = frozenset(
    {
        *("name", "id", "state", "createTime", "startTime", "endTime", "errorMessage", "queuePosition", "dataDigest"),
        *("modelDigest", "metrics", "pictureCount", "progress", "figures"),
    }
)
"""Fields that only the server writes; they are read and left out."""


class NewEvaluation(Resource):
    """A model to be measured on labelled data."""

    model: str = Field(description="id of a trained model: a job's id, or JOB/trial_N")
    data: str = Field("", description="path of labelled data below the server's roots; or give dataset")
    dataset: str = Field("", description="name of a data set; its validation or test part is taken")
    split: str = Field("", description="which set of the data, such as val; all of it where empty")
    labels_file: str = Field("", description="names of the classes, for formats without any")
    variant: str = Field("", description="int8 or fp16; float32 where empty")


class Progress(Resource):
    """How far an evaluation is."""

    done: int = Field(0, description="pictures")
    total: int = 0


class Evaluation(NewEvaluation):
    """An evaluation. Times are RFC 3339 in UTC; fields that hold nothing are left out."""

    name: str = Field("", description="projects/P/evaluations/ID")
    id: str = Field("", description="the same for the same network on the same data")
    state: State = "QUEUED"
    create_time: str = ""
    start_time: str = ""
    end_time: str = ""
    error_message: str = Field("", description="why it failed")
    queue_position: int = Field(0, description="from 1, while it is QUEUED")
    progress: Progress | None = Field(None, description="while it is RUNNING")
    model_digest: str = Field("", description="SHA-256 of the network's file")
    data_digest: str = Field("", description="changes when the data does")
    picture_count: int = 0
    metrics: dict[str, float] = Field({}, description="by name; -1 where nothing of the kind is labelled")


class FullEvaluation(Evaluation):
    """An evaluation with all its figures."""

    figures: Figures | None = Field(None, description="once it has SUCCEEDED")


class EvaluationList(Resource):
    """A page of evaluations, the newest first."""

    evaluations: tuple[Evaluation, ...] = ()
    next_page_token: str = Field("", description="for the next page; left out on the last")


class FoundBox(ShownBox):
    """A labelled or predicted box, xyxy in pixels of the stored picture, and what became of it."""

    kind: KindName | None = Field(None, description="at the threshold; left out for predictions below it")


class ComparedSide(Resource):
    """What one model has found in a picture."""

    predictions: tuple[FoundBox, ...] = Field((), description="from a score of 0.05 on, the best first")
    truth_kinds: tuple[KindName, ...] = Field((), description="what became of each labelled box")
    correct: int = 0
    wrong: int = 0
    missed: int = 0


class ComparedPicture(Resource):
    """A picture with what is labelled there and what each model has found."""

    number: int = Field(description="from 0; names the picture for :image")
    source: str = Field(description="its name in the data set")
    width: int = Field(description="of the stored picture, in pixels")
    height: int
    image: str = Field(description="path of the picture itself")
    truth: tuple[ShownBox, ...] = ()
    sides: tuple[ComparedSide, ...] = Field((), description="one an evaluation, in the order asked for")


class ComparedPictures(Resource):
    """A page of pictures, those with the greatest difference first."""

    evaluations: tuple[str, ...] = ()
    threshold: float = 0.5
    classes: tuple[str, ...] = Field((), description="names; labels are places among them")
    counts: dict[Show, int] = Field({}, description="pictures of each choice")
    pictures: tuple[ComparedPicture, ...] = ()
    next_page_token: str = Field("", description="for the next page; left out on the last")
