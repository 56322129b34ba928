"""The built-in algorithms as the API describes them, derived from the fields that their arguments stand for."""

from functools import cache
from typing import Any

from pydantic import Field

from boxwright.algorithms import ALGORITHMS, Algorithm, Argument
from boxwright.algorithms.advice import advised
from boxwright.algorithms.argument import MODEL_ID, Kind
from boxwright.algorithms.kinds import kind, limits, words
from boxwright.arguments import as_text
from boxwright.spec.resource import Resource
from boxwright.spec.study import Parameter


class ArgumentLimits(Resource):
    """Bounds of a number; what is left out is open."""

    minimum: float | None = None
    exclusive_minimum: float | None = None
    maximum: float | None = None
    exclusive_maximum: float | None = None


class AlgorithmArgument(Resource):
    """One argument. Values are texts, as they stand in a job's `args`."""

    name: str
    group: str = Field(description="data, model, loss, augmentation, optimization, evaluation or machine")
    basic: bool = Field(False, description="whether most users look at it")
    help: str
    type: Kind = Field(description="SIZE is height,width; INTEGERS, NUMBERS and OPTIONS (name=number) have commas")
    unit: str = ""
    default: str = Field("", description="the published one")
    limits: ArgumentLimits = ArgumentLimits()
    choices: tuple[str, ...] = Field((), description="the only words that it takes")
    required: bool = False
    derived: bool = Field(False, description="whether it is derived from the data and the machine where left out")
    tuning: Parameter | None = Field(None, description="what a tuning job is advised to search")
    says_the_same: tuple[str, ...] = Field((), description="arguments of which only one can be given beside it")


class CatalogueEntry(Resource):
    """A value of the argument that names an entry of the algorithm's catalogue, with the defaults that come with it."""

    name: str
    defaults: dict[str, str]


class AlgorithmDescription(Resource):
    """A built-in algorithm."""

    name: str
    image_uri: str = Field(description="how a job names it")
    summary: str
    metrics: tuple[str, ...] = Field(description="numbers that its evaluations write; the first is judged by")
    arguments: tuple[AlgorithmArgument, ...]
    catalogue_argument: str = ""
    catalogue: tuple[CatalogueEntry, ...] = ()


class AlgorithmList(Resource):
    """All of them, the one to begin with first."""

    algorithms: tuple[AlgorithmDescription, ...] = ()


BOUNDS = {"ge": "minimum", "gt": "exclusive_minimum", "le": "maximum", "lt": "exclusive_maximum"}


@cache
def algorithm_json(name: str) -> dict[str, Any]:
    """An algorithm as the API gives it. Raises: KeyError: there is none of this name."""
    algorithm = ALGORITHMS[name]
    names = algorithm.names()
    entries = tuple(
        CatalogueEntry(name=entry, defaults={names[path]: as_text(value) for path, value in values.items()})
        for entry, values in algorithm.catalogue.items()
    )
    described = AlgorithmDescription(
        name=algorithm.name,
        image_uri=algorithm.image_uri,
        summary=algorithm.summary,
        metrics=algorithm.metrics,
        arguments=tuple(_argument(one, algorithm) for one in algorithm.arguments),
        catalogue_argument=names[MODEL_ID] if entries else "",
        catalogue=entries,
    )
    return described.model_dump(mode="json", by_alias=True, exclude_defaults=True)


def _argument(argument: Argument, algorithm: Algorithm) -> AlgorithmArgument:
    field, extra = argument.field, _extra(argument)
    required = argument.name in algorithm.required
    bounds = {BOUNDS[name]: value for name, value in limits(argument).items()}
    same = (one.name for one in algorithm.arguments if one.path == argument.path and one is not argument)
    return AlgorithmArgument(
        name=argument.name,
        group=argument.path.partition(".")[0],
        basic=argument.name in (*algorithm.basic, *algorithm.required),
        help=argument.help or field.description or "",
        type=kind(argument),
        unit=extra["unit"],
        default="" if required or field.is_required() else as_text(algorithm.default(argument)),
        limits=ArgumentLimits(**bounds),
        choices=tuple(one for one in words(argument) if one),
        required=required,
        derived=algorithm.derives(argument) and not required,
        tuning=advised(argument, algorithm),
        says_the_same=tuple(same),
    )


def _extra(argument: Argument) -> dict[str, Any]:
    extra = argument.field.json_schema_extra
    assert isinstance(extra, dict), "every field of a spec is declared by knob"
    return extra
