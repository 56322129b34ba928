"""A search so far, as its coordinator writes it into study.json and the API gives it."""

from boxwright.spec.resource import Resource
from boxwright.spec.study import Goal


class TrialState(Resource):
    """One trial of a search.

    Attributes:
        trial_id: its number from 1.
        parameters: value of each searched argument, as given to the algorithm.
        state: RUNNING, SUCCEEDED or FAILED.
        value: the best that it reached of the search's metric; None where it has none (yet).
        step: training step of that value.
        history: (training step, value) of each evaluation, in the order of steps.
        stopped_early: it was ended because others were better.
        seconds: how long it has run.
        error: why it failed.
    """

    trial_id: str
    parameters: dict[str, str] = {}
    state: str = ""
    value: float | None = None
    step: int = 0
    history: tuple[tuple[int, float], ...] = ()
    stopped_early: bool = False
    seconds: float = 0.0
    error: str = ""


class ParameterState(Resource):
    """What a search may vary; `values` of texts and of discrete numbers, the range of others."""

    name: str
    type: str = ""
    min_value: float | None = None
    max_value: float | None = None
    scale_type: str = "NONE"
    values: tuple[str, ...] = ()


class StudyState(Resource):
    """A search so far.

    Attributes:
        metric: the number that counts.
        importance: share of the metric's differences that each parameter explains, 0 to 1; empty while there are too
            few trials to tell.
    """

    metric: str = ""
    goal: Goal = "MAXIMIZE"
    max_trials: int = 0
    parameters: tuple[ParameterState, ...] = ()
    trials: tuple[TrialState, ...] = ()
    best_trial: str = ""
    importance: dict[str, float] = {}
