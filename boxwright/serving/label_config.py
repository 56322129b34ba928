"""A Label Studio project's labelling interface, as far as boxes need it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree
from xml.parsers import expat

from boxwright.serving.rejection import Rejection

LONGEST = 250_000
"""Characters of a labelling interface."""

THRESHOLD = "model_score_threshold"
"""Attribute of a tag of labels: the weakest score that is drawn. Label Studio's own backends read it, too."""

ALIASES = "predicted_values"
"""Attribute of a label: further names of it, between commas, as models call it. Label Studio's own backends read it."""


@dataclass(frozen=True)
class BoxTag:
    """The tag that boxes are drawn with.

    Attributes:
        from_name: the tag's name.
        to_name: name of the picture's tag.
        key: of the picture's address in a task's data.
        labels: by their names and aliases in small letters.
        threshold: the weakest score that is drawn; None where the tag says nothing.
    """

    from_name: str
    to_name: str
    key: str
    labels: dict[str, str]
    threshold: float | None

    def label(self, name: str) -> str | None:
        """The label for a class's name, capitals and blanks around it aside; None where there is none."""
        return self.labels.get(name.strip().lower())


def read_label_config(text: str) -> BoxTag:
    """The tag that boxes are drawn with: the first RectangleLabels over an Image.

    Raises:
        Rejection: 400, no XML, with a document type or entities, or without such a tag.
    """
    root = _parse(text)
    images = {one.get("name", ""): one for one in root.iter("Image")}
    for tag in root.iter("RectangleLabels"):
        image = images.get(tag.get("toName", ""))
        if image is not None:
            key = image.get("value", "").removeprefix("$")
            return BoxTag(tag.get("name", ""), tag.get("toName", ""), key, dict(_labels(tag)), _threshold(tag))
    raise Rejection(
        400,
        "the labelling interface must draw boxes over a picture: <RectangleLabels name=... toName=...> with the name "
        "of an <Image>",
    )


def _labels(tag: ElementTree.Element) -> Iterator[tuple[str, str]]:
    found = [one for one in tag.iter("Label") if one.get("value")]
    for one in reversed(found):  # the first of a name wins
        for alias in reversed(one.get(ALIASES, "").split(",")):
            if alias.strip():
                yield alias.strip().lower(), one.get("value", "")
    for one in reversed(found):  # a label's own name counts more than another one's alias
        yield one.get("value", "").strip().lower(), one.get("value", "")


def _threshold(tag: ElementTree.Element) -> float | None:
    text = tag.get(THRESHOLD)
    if text is None:
        return None
    try:
        return float(text)
    except ValueError:
        raise Rejection(400, f"{THRESHOLD} of <RectangleLabels> must be a number from 0 to 1, got {text!r}") from None


def _parse(text: str) -> ElementTree.Element:
    """XML without a document type: neither files nor entities that grow are ever looked at."""
    if len(text) > LONGEST:
        raise Rejection(400, f"a labelling interface may have {LONGEST:,} characters, got {len(text):,}")
    builder = ElementTree.TreeBuilder()
    parser = expat.ParserCreate()
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = _refuse
    try:
        parser.Parse(text.encode(), True)
    except (expat.ExpatError, UnicodeEncodeError) as error:
        raise Rejection(400, f"the labelling interface is not XML: {error}") from error
    return builder.close()


def _refuse(*_: object) -> None:
    raise Rejection(400, "a labelling interface has no document type (<!DOCTYPE ...>)")


def left_out(tag: BoxTag, names: Sequence[str]) -> list[str]:
    """Names of classes that the interface has no label for."""
    return [one for one in names if tag.label(one) is None]
