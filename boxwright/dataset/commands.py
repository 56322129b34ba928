"""What `boxwright data inspect`, `convert`, `split` and `draw` do; each returns the text to show."""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from boxwright import formats
from boxwright.dataset.draw import SHAPES, draw_shapes
from boxwright.dataset.findings import number_of
from boxwright.dataset.health import inspect
from boxwright.dataset.report_html import html_report
from boxwright.dataset.report_text import text_report
from boxwright.dataset.split import Subset, join, split
from boxwright.formats.sample import Dataset

ReportForm = Literal["text", "json", "html"]


def inspect_data(
    path: str,
    form: ReportForm = "text",
    *,
    part: str | None = None,
    num_classes: int | None = None,
    labels_file: str = "",
    on_progress: Callable[[int], None] | None = None,
) -> str:
    """Report on the data set at `path`: text, JSON (of `Health`), or one HTML page.

    Args:
        part: which of its splits; None takes all, and what is in several of them once.
        num_classes: K; None takes what the data set names.
        labels_file: class names, one a line, for formats that state none.
        on_progress: called with the number of samples examined so far.
    """
    dataset = join([_read(path, name, labels_file) for name in _parts(path, part)])
    health = inspect(dataset, num_classes, on_progress=on_progress)
    name = f"{path} ({part})" if part else path
    if form == "json":
        return health.model_dump_json(indent=2) + "\n"
    return html_report(health, dataset, name) if form == "html" else text_report(health, name)


def convert_data(
    source: str,
    destination: str,
    to: str,
    *,
    part: str | None = None,
    labels_file: str = "",
    shards: int | None = None,
) -> str:
    """Write a data set in another format, all splits or one, with every box as stated; says what was written."""
    found = {name: _read(source, name, labels_file) for name in _parts(source, part)}
    return _write(found, destination, to, shards)


def split_data(
    source: str,
    destination: str,
    shares: Mapping[str, float],
    *,
    to: str | None = None,
    part: str | None = None,
    seed: int = 0,
    labels_file: str = "",
) -> str:
    """Split a data set (all of its splits together, or one) and write the parts; in its own format if `to` is None."""
    dataset = join([_read(source, name, labels_file) for name in _parts(source, part)])
    return _write(split(dataset, shares, seed), destination, to or formats.recognise(source))


def draw_data(
    destination: str,
    counts: Mapping[str, int],
    to: str = "tfrecord",
    *,
    size: tuple[int, int] = (240, 320),
    seed: int = 0,
    classes: Sequence[str] = tuple(SHAPES),
) -> str:
    """Write drawn-shapes data: `counts` names the splits and their number of pictures; `size` is (height, width).

    Raises:
        ValueError: no picture is asked for, or several splits of a format that has one.
        FileExistsError: the folder holds such a split already.
    """
    if not any(counts.values()):
        raise ValueError("at least one picture must be drawn, got 0")
    whole = draw_shapes(sum(counts.values()), size, seed, classes)
    drawn, start = {}, 0
    for name, number in ((name, number) for name, number in counts.items() if number):
        drawn[name] = Dataset(Subset(whole.samples, tuple(range(start, start + number))), whole.classes)
        start += number
    return _write(drawn, destination, to)


def parse_shares(text: str) -> dict[str, float]:
    """Read "train=0.8,test=0.2".

    Raises:
        ValueError: not of this form, or a name occurs twice.
    """
    pairs = [part.partition("=") for part in text.split(",")]
    names = [name.strip() for name, _, _ in pairs]
    try:
        shares = [float(share) for _, _, share in pairs]
    except ValueError as error:
        raise ValueError(f"shares are written name=share, as in train=0.8,test=0.2; got {text!r}") from error
    if not all(names) or len(set(names)) != len(names):
        raise ValueError(f"each share needs a name of its own, as in train=0.8,test=0.2; got {text!r}")
    return dict(zip(names, shares, strict=True))


def _parts(path: str, part: str | None) -> tuple[str, ...]:
    return (part,) if part else formats.splits(path)


def _read(path: str, part: str, labels_file: str) -> Dataset:
    return formats.read(path, split=part, labels_file=labels_file)


def _write(parts: Mapping[str, Dataset], destination: str, to: str, shards: int | None = None) -> str:
    if to in formats.OF_ONE_SPLIT and len(parts) > 1:
        raise ValueError(
            f"a folder in the format {to} is one split, got {', '.join(parts)}; write each to a folder of its own "
            "(convert: --split=NAME), or only one (draw: --validation=0)"
        )
    for name, dataset in parts.items():
        formats.write(dataset, destination, to=to, split=name, shards=shards)
    lines = [f"{name}: {number_of(len(dataset), 'picture')}" for name, dataset in parts.items()]
    return "\n".join([f"{destination} ({to})", *(f"  {line}" for line in lines)]) + "\n"
