"""What `Accept` asks for, by RFC 9110."""

import pytest

from boxwright.serving.accept import accepted
from boxwright.serving.rejection import Rejection

OFFERED = ("application/json", "application/jsonlines")


@pytest.mark.parametrize(
    ("header", "name", "parameters"),
    [
        ("", "application/json", {}),
        ("*/*", "application/json", {}),
        ("application/*", "application/json", {}),
        ("Application/JSONLines", "application/jsonlines", {}),
        ("text/html, application/jsonlines", "application/jsonlines", {}),
        ("application/json;q=0.1, application/jsonlines;q=0.9", "application/jsonlines", {"q": "0.9"}),
        ("application/json;q=0, */*;q=0.1", "application/json", {"q": "0.1"}),
        ("application/json;verbose; n_predictions=4", "application/json", {"verbose": "", "n_predictions": "4"}),
        ('application/json;annotation="1"', "application/json", {"annotation": "1"}),
        ("application/json;q=soon", "application/json", {"q": "soon"}),
    ],
)
def test_the_best_content_type_is_taken(header: str, name: str, parameters: dict[str, str]) -> None:
    found = accepted(header, OFFERED)
    assert (found.name, found.parameters) == (name, parameters)


@pytest.mark.parametrize("header", ["text/html", "application/json;q=0", "image/*", "application/json;q=nan"])
def test_what_is_not_offered_is_refused(header: str) -> None:
    with pytest.raises(Rejection, match="there is application/json, application/jsonlines") as refused:
        accepted(header, OFFERED)
    assert refused.value.status == 406
