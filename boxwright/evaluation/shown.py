"""Pictures with boxes as they are kept in files and as the API gives them."""

from pydantic import Field

from boxwright.spec.resource import Resource

Corners = tuple[float, float, float, float]
"""xmin, ymin, xmax, ymax in pixels of the kept copy of a picture."""


class ShownClass(Resource):
    """A class; boxes name it by its place in the list of classes, its label."""

    id: int = Field(description="the number by which the data set knows it")
    name: str


class ShownBox(Resource):
    """A labelled or a predicted box."""

    box: Corners = Field(description="xmin, ymin, xmax, ymax in pixels of the picture given here")
    label: int = Field(description="place of its class in the list of classes, from 0")
    score: float | None = Field(default=None, description="of a predicted box, 0 to 1")
    crowd: bool | None = Field(default=None, description="true for a labelled box around a group")


class ShownPicture(Resource):
    """A kept copy of a picture, with its labelled boxes."""

    source: str = Field(description="its name in the data set")
    width: int = Field(description="of the copy, in pixels")
    height: int = Field(description="of the copy, in pixels")
    truth: tuple[ShownBox, ...] = ()


class SampleSet(Resource):
    """The pictures that every evaluation of a run is shown on."""

    classes: tuple[ShownClass, ...]
    pictures: tuple[ShownPicture, ...]


class SampleStep(Resource):
    """What was found in each of these pictures at one evaluation."""

    step: int = Field(description="training steps done")
    predictions: tuple[tuple[ShownBox, ...], ...] = Field(description="of each picture, the best-scored box first")
