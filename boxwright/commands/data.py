"""`boxwright data`: labelled data is inspected, converted, split, drawn and packed."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(help="Inspect, convert, split and draw labelled data.", no_args_is_help=True)

WRITTEN = "coco, jumpstart, manifest, recordio, sagemaker_images, tfrecord, voc or yolo."
DataPath = Annotated[str, typer.Argument(help="Data set: file, folder or wildcard; local, gs:// or s3://.")]
LabelsFile = Annotated[str, typer.Option(help="Class names, one a line, for formats that state none.")]
Split = Annotated[str, typer.Option(help="One split of the data set; all where left out.")]


@app.command("inspect")
def inspect(
    path: DataPath,
    split: Split = "",
    num_classes: Annotated[int, typer.Option(help="Classes that there should be; from the data where 0.")] = 0,
    labels_file: LabelsFile = "",
    format: Annotated[str, typer.Option(help="text, json or html.")] = "text",
    output: Annotated[Path | None, typer.Option(help="File for the report instead of the terminal.")] = None,
) -> None:
    """Report what is wrong with a data set: counts, balance, sizes, faulty boxes and pictures, each with its reason."""
    from boxwright import files
    from boxwright.dataset.commands import inspect_data

    if format not in ("text", "json", "html"):
        raise ValueError(f"--format must be text, json or html, got {format!r}")
    form: Any = format
    text = inspect_data(path, form, part=split or None, num_classes=num_classes or None, labels_file=labels_file)
    _print_or_write(text, output, files.write_text)


def _print_or_write(text: str, output: Path | None, write: Callable[[str, str], None]) -> None:
    if output is None:
        sys.stdout.write(text)
    else:
        write(str(output), text)
        typer.echo(f"written to {output}")


@app.command("convert")
def convert(
    source: DataPath,
    destination: Annotated[str, typer.Argument(help="Folder to write.")],
    to: Annotated[str, typer.Option(help=WRITTEN)],
    split: Split = "",
    labels_file: LabelsFile = "",
    shards: Annotated[int, typer.Option(help="TFRecord files a split; by size where 0.")] = 0,
) -> None:
    """Write a data set in another format; every box stays as it is stated."""
    from boxwright.dataset.commands import convert_data

    sys.stdout.write(
        convert_data(source, destination, to, part=split or None, labels_file=labels_file, shards=shards or None)
    )


@app.command("split")
def split(
    source: DataPath,
    destination: Annotated[str, typer.Argument(help="Folder to write.")],
    shares: Annotated[str, typer.Option(help="Name and share of each part.")] = "train=0.8,validation=0.2",
    to: Annotated[str, typer.Option(help="Format; the source's own where left out.")] = "",
    split: Split = "",
    seed: Annotated[int, typer.Option(help="The same seed gives the same parts.")] = 0,
    labels_file: LabelsFile = "",
) -> None:
    """Split a data set, stratified by class; the same picture never lands in two parts."""
    from boxwright.dataset.commands import parse_shares, split_data

    parts = parse_shares(shares)
    sys.stdout.write(
        split_data(source, destination, parts, to=to or None, part=split or None, seed=seed, labels_file=labels_file)
    )


@app.command("draw")
def draw(
    destination: Annotated[str, typer.Argument(help="Folder to write.")],
    train: Annotated[int, typer.Option(help="Training pictures.")] = 400,
    validation: Annotated[int, typer.Option(help="Validation pictures.")] = 100,
    to: Annotated[str, typer.Option(help=WRITTEN)] = "tfrecord",
    size: Annotated[str, typer.Option(help="Height and width of the pictures in pixels.")] = "240,320",
    seed: Annotated[int, typer.Option(help="The same seed gives the same pictures.")] = 0,
) -> None:
    """Draw sample data: shapes of several classes on textured backgrounds, with exact boxes."""
    from boxwright.dataset.commands import draw_data

    try:
        height, width = (int(side) for side in size.split(","))
    except ValueError as error:
        raise ValueError(f"--size must be height,width such as 240,320, got {size!r}") from error
    counts = {"train": train, "validation": validation}
    sys.stdout.write(draw_data(destination, counts, to, size=(height, width), seed=seed))


@app.command("im2rec")
def im2rec(
    prefix: Annotated[str, typer.Argument(help="What the paths of the .lst, .rec and .idx files begin with.")],
    root: Annotated[str, typer.Argument(help="Folder that the pictures' paths start from.")],
    make_list: Annotated[bool, typer.Option("--list", help="Write .lst files instead of records.")] = False,
    recursive: Annotated[bool, typer.Option("--recursive", help="List folders too; each is a class.")] = False,
    train_ratio: Annotated[float, typer.Option(help="Share of pictures in the training list.")] = 1.0,
    test_ratio: Annotated[float, typer.Option(help="Share of pictures in the test list.")] = 0.0,
    chunks: Annotated[int, typer.Option(help="Number of lists.")] = 1,
    no_shuffle: Annotated[bool, typer.Option("--no-shuffle", help="List in the order of names.")] = False,
    pack_label: Annotated[bool, typer.Option("--pack-label", help="Keep all labels of a line, such as boxes.")] = False,
    pass_through: Annotated[bool, typer.Option("--pass-through", help="Copy pictures byte for byte.")] = False,
    resize: Annotated[int, typer.Option(help="Pixels of the shorter side; as it is where 0.")] = 0,
    quality: Annotated[int, typer.Option(help="JPEG quality, 1 to 100; PNG compression, 1 to 9.")] = 95,
    encoding: Annotated[str, typer.Option(help=".jpg or .png.")] = ".jpg",
    num_thread: Annotated[int, typer.Option(help="Pictures encoded at a time.")] = 1,
    color: Annotated[int, typer.Option(help="1 colour, 0 grey, -1 as stored.")] = 1,
    center_crop: Annotated[bool, typer.Option("--center-crop", help="Cut pictures down to squares.")] = False,
) -> None:
    """Pack pictures into MXNet RecordIO files, or list them for it, with the flags of MXNet's im2rec."""
    from boxwright.formats.im2rec import Packing, pack_lists
    from boxwright.formats.im2rec_list import Listing, make_lists

    if make_list:
        lists = make_lists(prefix, root, Listing(recursive, train_ratio, test_ratio, chunks, not no_shuffle))
        for folder, label in lists.labels.items() if recursive else ():
            typer.echo(f"class {label}: {folder}")
        for path, count in lists.lengths.items():
            typer.echo(f"{path}: {count} pictures")
        return
    how = Packing(
        pack_label=pack_label,
        pass_through=pass_through,
        resize=resize,
        center_crop=center_crop,
        quality=quality,
        encoding=encoding,
        color=color,
        threads=num_thread,
    )
    packed = pack_lists(prefix, root, how)
    for one in packed:
        typer.echo(f"{one.path}: {one.records} records")
        for line in (*one.left_out, *([one.note] if one.note else [])):
            typer.echo(f"boxwright: {line}", err=True)
    if left_out := sum(len(one.left_out) for one in packed):
        raise ValueError(f"{left_out} of {left_out + sum(one.records for one in packed)} pictures could not be read")
