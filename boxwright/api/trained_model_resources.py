"""Trained models as the API gives them, and the shape of it for the API's description."""

from pydantic import Field

from boxwright.spec.resource import Resource


class Deployment(Resource):
    """A version that serves a model."""

    name: str = Field("", description="of the version: projects/P/models/M/versions/V")
    model: str = ""
    version: str = ""
    state: str = ""
    traffic_percent: int = 0


class TrainedModel(Resource):
    """What a finished job has left, in short. Fields that hold nothing are left out."""

    name: str = Field("", description="projects/P/trainedModels/ID")
    id: str = Field("", description="the job's id, or JOB/trial_N for the model of one trial")
    job_id: str = ""
    trial_id: str = ""
    algorithm: str = ""
    create_time: str = Field("", description="when the job ended; RFC 3339 in UTC")
    folder: str = Field("", description="what `deploymentUri` of a version names")
    metrics: dict[str, float] = Field({}, description="of the evaluation of the weights that were kept")
    step: str = Field("", description="training step of the weights; int64 as text")
    class_count: int = 0
    height: int = Field(0, description="of the network's input in pixels")
    width: int = 0
    size_bytes: str = Field("", description="of model.onnx; int64 as text")
    training_data: str = ""
    validation_data: str = ""
    trial_count: int = Field(0, description="of a tuning job: trials that have left models")
    deployments: tuple[Deployment, ...] = ()
    problem: str = Field("", description="why the model cannot be used; then its card is not known")


class TrainedModelList(Resource):
    """A page of trained models, those of the newest jobs first."""

    trained_models: tuple[TrainedModel, ...] = ()
    next_page_token: str = Field("", description="for the next page; left out on the last")


class ClassEntry(Resource):
    """A class that the model finds."""

    id: int = 0
    name: str = ""


class Export(Resource):
    """The model in one format."""

    format: str = Field("", description="what `:download?format=` takes")
    files: tuple[str, ...] = Field((), description="in the model's folder")
    size_bytes: str = Field("", description="int64 as text")
    average_precision: float | None = Field(None, description="COCO's AP of a variant with fewer bits, as measured")
    drop: float | None = Field(None, description="what the float32 model has more of it")
    picture_count: int = Field(0, description="that a variant was measured on")
    deployable: bool = Field(False, description="whether `boxwright serve` can load it")


class TrialModel(Resource):
    """The model of a tuning job's trial."""

    id: str = Field("", description="JOB/trial_N")
    trial_id: str = ""
    objective_value: float | None = None
    hyperparameters: dict[str, str] = {}


class Relative(Resource):
    """A job or model that a model comes from, or that comes from it."""

    job_id: str = ""
    model: str = Field("", description="id of its trained model, where it has left one")
    folder: str = Field("", description="or file, or name of published weights")


class Lineage(Resource):
    """Where a model comes from and what has been made of it."""

    data_digest: str = Field("", description="SHA-256 over names, sizes, boxes and labels of the data")
    dataset: str = Field("", description="name of the project's data set that the training data is in")
    training_data: str = ""
    validation_data: str = ""
    job_id: str = ""
    study: str = Field("", description="tuning job of which this is one trial")
    parent: Relative | None = Field(None, description="whose weights the training started from")
    children: tuple[Relative, ...] = Field(
        (), description="jobs of this project that started from it, or go on with it"
    )


class FullTrainedModel(TrainedModel):
    """A trained model with all that its card tells."""

    classes: tuple[ClassEntry, ...] = ()
    arguments: dict[str, str] = Field({}, description="of the training job, as they were given")
    versions: dict[str, str] = Field({}, description="of Python and the packages that made it")
    exports: tuple[Export, ...] = ()
    trials: tuple[TrialModel, ...] = ()
    lineage: Lineage | None = None
