"""AI Platform Prediction's `projects.predict`. Models and versions as resources belong to the server's API."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from boxwright.serving.answer import TEXT, Answer, a_list, an_object, taken, told
from boxwright.serving.body import read_json
from boxwright.serving.given import Settings, exact, latest
from boxwright.serving.google_error import ERROR, error_body
from boxwright.serving.instances import INSTANCE, PREDICTION, check_signature, prediction, read_instances
from boxwright.serving.rejection import errors_as

router = APIRouter(tags=["ai platform prediction"], dependencies=[Depends(errors_as(error_body))])

REQUEST = an_object("instances", instances=a_list(INSTANCE, minItems=1), signature_name=TEXT)
PREDICTED = an_object("predictions", predictions=a_list(PREDICTION))


def _add_route(path: str, find: Any) -> None:
    @router.post(
        f"{path}:predict",
        summary="Find objects in pictures, in the outputs of the built-in algorithm's models",
        responses=told(PREDICTED, ERROR),
        openapi_extra=taken(REQUEST, "project"),
    )
    async def predict(request: Request, model: Annotated[Any, Depends(find)], settings: Settings) -> Answer:
        """One prediction for each instance, in their order, with its key of any JSON type."""
        body = await read_json(request)
        check_signature(body)
        instances = read_instances(body, settings.max_pictures)
        found = await model.detect_all([one.encoded for one in instances])
        answers = (prediction(one, model.slots, given.key) for one, given in zip(found, instances, strict=True))
        return Answer({"predictions": list(answers)})


_add_route("/v1/projects/{project}/models/{model}", latest)
_add_route("/v1/projects/{project}/models/{model}/versions/{version}", exact)
