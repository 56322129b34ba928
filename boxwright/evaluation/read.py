"""Reading an evaluation's folder, local or remote, and finding errors in it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from boxwright import files
from boxwright.evaluation.results import BACKGROUND, Evaluation, Finding, JudgedBox, JudgedPicture, JudgedPictures

RESULTS, PICTURES = "evaluation.json", "pictures.json"


def read_evaluation(folder: str) -> Evaluation:
    """The figures. Raises: FileNotFoundError: there are none."""
    return Evaluation.model_validate_json(files.read_bytes(files.join(folder, RESULTS)))


def read_pictures(folder: str) -> tuple[JudgedPicture, ...]:
    """The kept pictures, the worst first. Raises: FileNotFoundError: there are none."""
    return JudgedPictures.model_validate_json(files.read_bytes(files.join(folder, PICTURES))).pictures


@dataclass(frozen=True)
class Wanted:
    """Which findings to list; what is None leaves the choice open.

    Attributes:
        kind: of error; where it and both classes are open, every error is listed.
        label: class of the prediction or of the labelled box.
        true_class, predicted_class: a row and a column of the confusion matrix, `BACKGROUND` for its own; either makes
            the list one of boxes as that matrix counts them, right ones too.
    """

    kind: str | None = None
    label: int | None = None
    true_class: int | None = None
    predicted_class: int | None = None

    def holds(self, one: Finding) -> bool:
        """Whether a finding is wanted."""
        both = (one.true_class, one.predicted_class)
        return (
            (self.kind is None or one.kind == self.kind)
            and (self.label is None or self.label in both)
            and (self.true_class is None or one.true_class == self.true_class)
            and (self.predicted_class is None or one.predicted_class == self.predicted_class)
        )


def findings(pictures: Sequence[JudgedPicture], wanted: Wanted) -> list[Finding]:
    """The findings of the kept pictures, so that each is seen soon.

    The first ones of all pictures come before the second ones, and those of the worst picture first. In a picture come
    predictions before missed boxes, the best-scored first.
    """
    cells = wanted.true_class is not None or wanted.predicted_class is not None
    found: list[tuple[int, Finding]] = []
    for number, picture in enumerate(pictures, 1):
        listed = _counted(number, picture) if cells else _errors(number, picture)
        found += enumerate(one for one in listed if wanted.holds(one))
    return [one for _, one in sorted(found, key=lambda turn: turn[0])]


def _errors(number: int, picture: JudgedPicture) -> Iterator[Finding]:
    """Every error: of a prediction with the labelled box that makes it one."""
    for place, one in enumerate(picture.predictions):
        if one.kind not in ("CORRECT", "IGNORED"):
            yield _prediction(number, picture, place, one.partner)
    for place, one in enumerate(picture.truth):
        if one.kind == "MISSED":
            yield _labelled(number, picture, place)


def _counted(number: int, picture: JudgedPicture) -> Iterator[Finding]:
    """Every box as the confusion matrix counts it: of a prediction with the labelled box that it meets."""
    for place, one in enumerate(picture.predictions):
        if one.kind != "IGNORED":
            yield _prediction(number, picture, place, one.met)
    met = {one.met for one in picture.predictions}
    for place, box in enumerate(picture.truth):
        if place not in met and not box.crowd:
            yield _labelled(number, picture, place)


def _prediction(number: int, picture: JudgedPicture, place: int, partner: int | None) -> Finding:
    one = picture.predictions[place]
    box: JudgedBox | None = None if partner is None else picture.truth[partner]
    return Finding(
        kind=one.kind,
        picture=number,
        source=picture.source,
        true_class=box.label if box else BACKGROUND,
        predicted_class=one.label,
        score=one.score,
        overlap=one.overlap if partner == one.partner else None,
        truth=partner,
        prediction=place,
        box=one.box,
    )


def _labelled(number: int, picture: JudgedPicture, place: int) -> Finding:
    one = picture.truth[place]
    return Finding(
        kind=one.kind,
        picture=number,
        source=picture.source,
        true_class=one.label,
        predicted_class=BACKGROUND,
        truth=place,
        box=one.box,
    )
