"""Tests of what all resources share: camelCase outside, faults by path."""

from typing import Annotated

import pytest
from pydantic import Field, field_validator

from boxwright.spec.resource import Fault, InvalidResource, Resource


class Part(Resource):
    """Something inside."""

    least_value: Annotated[int, Field(ge=0)]
    name: str = ""

    @field_validator("name")
    @classmethod
    def _small(cls, value: str) -> str:
        if value == "alone":  # as a part that is read from another spelling
            raise InvalidResource((Fault("Spelling[1]", "is wrong"), Fault("", "as a whole")))
        if value != value.lower():
            raise ValueError(f"a name is written small, got {value!r}")
        return value


class Whole(Resource):
    """Something with parts."""

    part_list: tuple[Part, ...] = ()
    max_size: float = 1.0


def faults(values: dict[str, object], path: str = "") -> list[str]:
    with pytest.raises(InvalidResource) as refused:
        Whole.read(values, path)
    assert str(refused.value) == "\n".join(map(str, refused.value.faults))
    return [str(fault) for fault in refused.value.faults]


def test_both_spellings_are_read_and_one_is_written() -> None:
    camel = Whole.read({"partList": [{"leastValue": 3}], "maxSize": 2})
    assert camel == Whole.read({"part_list": [{"least_value": 3}], "max_size": 2})
    assert camel.written() == {"partList": [{"leastValue": 3}], "maxSize": 2.0}
    assert Whole().written() == {}


def test_every_fault_is_named_by_its_path() -> None:
    assert faults({"partList": [{"leastValue": -1}, {"Name": "x"}], "maxsize": 1}) == [
        "partList[0].leastValue: Input should be greater than or equal to 0, got -1",
        "partList[1].leastValue: is required",
        "partList[1].Name: unknown key",
        "maxsize: unknown key",
    ]


def test_our_own_words_stand_alone() -> None:
    values = {"partList": [{"leastValue": 1, "name": "Big"}]}
    assert faults(values) == ["partList[0].name: a name is written small, got 'Big'"]


def test_faults_of_a_part_in_another_spelling_keep_it() -> None:
    values = {"partList": [{"leastValue": 1, "name": "alone"}]}
    assert faults(values) == ["partList[0].name.Spelling[1]: is wrong", "partList[0].name: as a whole"]


def test_paths_begin_where_they_are_told_to() -> None:
    assert faults({"maxSize": "much"}, "training.input") == [
        "training.input.maxSize: Input should be a valid number, unable to parse string as a number, got 'much'"
    ]
    assert str(Fault("", "no path")) == "no path"
