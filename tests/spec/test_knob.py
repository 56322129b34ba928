"""Tests of what all knobs share: reading text, refusing what is unknown, staying as they are."""

import pytest
from pydantic import BaseModel, ValidationError

from boxwright.spec.knob import Floats, Frozen, Ints, Options, Size, knob


class Example(Frozen):
    """One knob of each kind."""

    size: Size = knob((64, 96), "Size.", unit="px")
    steps: Ints = knob((), "Steps.")
    ratios: Floats = knob((1.0,), "Ratios.", min_length=1)
    options: Options = knob({}, "Options.")
    rate: float = knob(0.5, "Rate.", scale="log", gt=0, le=1)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("size", "640,480", (640, 480)),
        ("size", "[640, 480]", (640, 480)),
        ("size", "(640,480)", (640, 480)),
        ("steps", "15000,20000", (15000, 20000)),
        ("steps", "", ()),
        ("ratios", "1.0,2.0,0.5", (1.0, 2.0, 0.5)),
        ("options", "momentum=0.9", {"momentum": 0.9}),
        ("options", "beta1=0.9, beta2=0.999", {"beta1": 0.9, "beta2": 0.999}),
        ("options", "use_nesterov=False", {"use_nesterov": 0.0}),
        ("options", "use_nesterov=true", {"use_nesterov": 1.0}),
        ("options", "decay=0.9,momentum=0.1,epsilon=1e-10", {"decay": 0.9, "momentum": 0.1, "epsilon": 1e-10}),
        ("options", "", {}),
        ("rate", "1e-3", 0.001),
    ],
)
def test_text_becomes_the_value(name: str, text: str, value: object) -> None:
    assert getattr(Example.model_validate({name: text}), name) == value


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("size", "640", "expected height,width such as '640,640', got '640'"),
        ("size", "640,640,3", "expected height,width"),
        ("size", "0,640", "greater than 0"),
        ("size", "a,b", "valid integer"),
        ("ratios", "", "at least 1 item"),
        ("ratios", "1.0,-2", "greater than 0"),
        ("options", "momentum", "expected name=value pairs such as 'momentum=0.9', got 'momentum'"),
        ("options", "momentum=much", "expected a number, True or False, got 'much'"),
        ("rate", "0", "greater than 0"),
        ("rate", "nan", ""),
    ],
)
def test_impossible_text_is_refused(name: str, text: str, said: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Example.model_validate({name: text})
    assert said in str(refused.value)


def test_unknown_keys_are_refused() -> None:
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        Example.model_validate({"ratio": 1})


def test_a_value_cannot_be_changed() -> None:
    example = Example()
    with pytest.raises(ValidationError, match="frozen"):
        example.rate = 0.1  # type: ignore[misc]  # the very thing that must fail
    assert example.rate == 0.5


def test_impossible_defaults_are_found() -> None:
    class Wrong(Frozen):
        rate: float = knob(2.0, "Rate.", le=1)

    with pytest.raises(ValidationError):
        Wrong()


def test_unit_and_scale_are_in_the_json_schema() -> None:
    properties = Example.model_json_schema()["properties"]
    assert (properties["size"]["unit"], properties["size"]["scale"]) == ("px", None)
    assert (properties["rate"]["scale"], properties["rate"]["description"]) == ("log", "Rate.")
    assert issubclass(Example, BaseModel)
