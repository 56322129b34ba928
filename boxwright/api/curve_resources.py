"""Shapes of the answers about a job's numbers and its log, for the API's description."""

from pydantic import BaseModel, Field

from boxwright.spec.resource import Resource


class MetricName(Resource):
    """A number that there is."""

    name: str
    unit: str = Field("", description="img/s, bytes, s; empty for numbers without one")
    kind: str = Field("", description="of the events: train, evaluation or predicted")
    points: int = 0


class MetricSeries(MetricName):
    """A number over time. `points` counts all that there are; the lists are as long as each other."""

    steps: tuple[int, ...] = Field((), description="training steps done")
    times: tuple[float, ...] = Field((), description="seconds since 1970")
    values: tuple[float, ...] = ()


class JobMetrics(Resource):
    """What there is, and the series that were asked for."""

    available: tuple[MetricName, ...] = ()
    series: tuple[MetricSeries, ...] = ()
    generation: int = Field(0, description="another one after the series began anew")


class LogText(BaseModel):
    """One line of a log."""

    start: int = Field(description="byte with which it begins")
    offset: int = Field(description="byte after it")
    time: str = Field("", description="RFC 3339 in UTC; empty for a line without a time")
    text: str = ""


class LogPage(BaseModel):
    """Some lines of a log, the oldest first."""

    lines: tuple[LogText, ...] = ()
    start: int = Field(0, description="byte with which the first of them begins: read on `before` it")
    end: int = Field(0, description="byte after the last of them: read on `after` it")
    size: int = Field(0, description="bytes of the log now")


class LogMatches(BaseModel):
    """Lines of a log in which something was found."""

    lines: tuple[LogText, ...] = ()
    offset: int = Field(0, description="byte up to which was searched: go on from there")
    size: int = Field(0, description="bytes of the log now")
    complete: bool = Field(False, description="whether that is its end")
