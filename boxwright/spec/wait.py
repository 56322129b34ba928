"""Arguments of `wait`, which trains nothing: for trying out a queue."""

from typing import Annotated, Literal

from pydantic import Field

from boxwright.spec.resource import Resource


class WaitArguments(Resource):
    """What a `wait` job does.

    Attributes:
        steps: in all.
        seconds: that each step takes.
        fail: what happens after half of the steps, every time: "user" for a mistake of the user, "machine" for a
            fault of the machine, "kill" for a process that is killed, "deaf" for one that does not hear SIGTERM;
            nothing where empty.
    """

    steps: Annotated[int, Field(ge=0)] = 1
    seconds: Annotated[float, Field(ge=0)] = 0.0
    fail: Literal["", "user", "machine", "kill", "deaf"] = ""
