"""A place to try an endpoint: pictures or the camera, sent by the browser itself, and boxes over them."""

from collections.abc import Mapping, Sequence

from nicegui.element import Element

from boxwright.client import DEFAULT_PROJECT
from boxwright.console.heard import translate
from boxwright.console.view import View

WORDS = (
    *("drop", "paste", "choose", "camera", "camera_stop", "camera_shown", "camera_insecure", "camera_denied"),
    *("camera_none", "camera_busy", "samples", "threshold", "classes", "found", "class_name", "score", "box"),
    *("nothing", "request", "curl", "answer", "line", "lost", "shown", "asking"),
    *("unreadable", "count"),
)
"""Texts of the component."""

LATER = ("name", "error", "time", "version", "width", "height", "n", "from")
"""Placeholders that the browser fills in."""


class Trying(Element, component="static/trying.js"):
    """Shows an endpoint pictures; the browser asks it by the contract of `boxwright serve` with the viewer's session.

    Args:
        view: of the page.
        model: name of the endpoint.
        samples: pictures to begin with, `{"src", "thumbnail", "name"}` each, all paths of the API.
        first: the one that is shown at once, as one of `samples`.
        threshold: score from which boxes are shown at first.
    """

    def __init__(
        self,
        view: View,
        model: str,
        *,
        samples: Sequence[Mapping[str, str]] = (),
        first: Mapping[str, str] | None = None,
        threshold: float = 0.5,
    ) -> None:
        super().__init__()
        kept = {name: f"{{{name}}}" for name in LATER}
        words = {name: view.text(f"trying.{name}", **kept) for name in WORDS}
        words |= {"copy": view.text("parts.copy"), "copied": view.text("parts.copied")}
        self.props.update(words=words, path=predict_path(view.project, model), startAt=threshold)
        translate(self, view)
        self.props.update(samples=[dict(one) for one in samples], first=dict(first) if first else None)

    def ask_version(self, version: str) -> None:
        """From now on this version answers; as the traffic is split where it is empty."""
        self.props["version"] = version
        self.update()


def predict_path(project: str, model: str) -> str:
    """Path of an endpoint's own contract on the server."""
    name = model if project == DEFAULT_PROJECT else f"{project}--{model}"
    return f"/endpoints/{name}/predict"
