"""The command line. The only module that sees both towers; everything heavy is imported inside its commands."""

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from boxwright.commands import data, deploy, jobs, models, runner, sagemaker, serve, server, tokens, versions
from boxwright.commands.data import DataPath, LabelsFile, Split

app = typer.Typer(
    help="Train, evaluate and export image detectors from labelled pictures, without training code.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,
)
app.add_typer(data.app, name="data")
app.add_typer(jobs.app, name="jobs")
app.add_typer(sagemaker.app, name="sagemaker")
app.add_typer(models.app, name="models")
app.add_typer(tokens.app, name="tokens")
app.add_typer(versions.app, name="versions")

FREE = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}
app.command("deploy")(deploy.deploy)
app.command("serve", context_settings=FREE)(serve.serve)
app.command("server", context_settings=FREE)(server.server)
app.command("runner", context_settings=FREE)(runner.runner)
ModelFolder = Annotated[str, typer.Argument(help="A model's folder, such as JOB_DIR/model.")]
Tile = Annotated[
    int | None, typer.Option(help="Side of the tiles in pixels, 0 for whole pictures; the model's own where left out.")
]
Overlap = Annotated[
    float | None, typer.Option(help="Share of a tile's side that the next one shares; the model's own where left out.")
]


def main() -> None:
    """Entry point: a mistake of the user is one message, without a traceback, and exit status 1."""
    with readable_errors():
        app()


@contextmanager
def readable_errors() -> Iterator[None]:
    """Print what a person can mend as a message on stderr and leave with status 1."""
    try:
        yield
    except (ValueError, OSError, ImportError, FloatingPointError) as error:
        text = f"{error.strerror}: {error.filename}" if isinstance(error, OSError) and error.filename else str(error)
        typer.echo(f"boxwright: {text}", err=True)
        raise SystemExit(1) from error


@app.command(context_settings=FREE)
def train(context: typer.Context) -> None:
    """Train a detector: boxwright train ALGORITHM --job-dir=DIR --argument=value ...

    What is not given is derived from the data and the machine, and printed. The same command continues a run that
    was interrupted. `boxwright train ALGORITHM --help` lists the arguments.
    """
    from boxwright.algorithms import ALGORITHMS, parse
    from boxwright.arguments import help_text, read_arguments
    from boxwright.jobdir import Job

    words = list(context.args)
    if not words or words[0] in ("--help", "-h"):
        typer.echo(f"{context.get_usage()}\n\n{train.__doc__}\nAlgorithms:")
        typer.echo("\n".join(f"  {one.name}: {one.summary}" for one in ALGORITHMS.values()))
        return
    if words[0] not in ALGORITHMS:
        raise ValueError(f"unknown algorithm {words[0]!r}; there is {', '.join(ALGORITHMS)}")
    algorithm = ALGORITHMS[words[0]]
    if {"--help", "-h"} & set(words):
        typer.echo(help_text(algorithm))
        return
    given = read_arguments(words[1:])
    folder = given.pop("job-dir", given.pop("job_dir", ""))
    if not folder:
        raise ValueError("--job-dir=DIR is required: the folder for checkpoints, events and the model")
    parse(algorithm, given)
    _run_job(folder, Job(algorithm=algorithm.name, arguments=given))


def _run_job(folder: str, job: Any) -> None:
    from boxwright import files
    from boxwright.claim import claim
    from boxwright.jobdir import JobDir
    from boxwright.mirror import mirror

    if files.is_local(folder):
        claim(JobDir(Path(folder)), job)
        _work(JobDir(Path(folder)))
        return
    remote = mirror(folder)
    remote.fetch()
    claim(JobDir(remote.local), job)
    _work(JobDir(remote.local), remote)
    typer.echo(f"copied to {folder}")


@app.command()
def work(
    jobdir: Annotated[str, typer.Argument(help="A job's folder, local, gs:// or s3://, with its job.json.")],
) -> None:
    """Run the job of one folder, from its last checkpoint if it has one (what runners start)."""
    from boxwright import files
    from boxwright.jobdir import FAULT_STATUS, JobDir
    from boxwright.mirror import mirror
    from boxwright.work import describe_error, exit_status

    try:
        if files.is_local(jobdir):
            _work(JobDir(Path(jobdir)))
            return
        remote = mirror(jobdir)
        remote.local.mkdir(parents=True, exist_ok=True)
        with JobDir(remote.local).held():
            remote.fetch()
        try:
            _work(JobDir(remote.local), remote)
        finally:
            remote.send()
    except Exception as error:
        if exit_status(error) == FAULT_STATUS:
            typer.echo(traceback.format_exc(), err=True)
        typer.echo(f"boxwright: {describe_error(error)}", err=True)
        raise SystemExit(exit_status(error)) from error


def _work(jobdir: Any, also: Callable[[Any], None] = lambda _: None) -> None:
    from rich.console import Console

    from boxwright.jobdir import STOPPED_STATUS
    from boxwright.progress import JobDisplay
    from boxwright.work import work as run

    with JobDisplay(Console(), jobdir.read_job) as display:

        def listen(event: Any) -> None:
            display(event)
            also(event)

        result = run(jobdir.path, listen)
    if result["status"] == "stopped":
        raise SystemExit(STOPPED_STATUS)
    if "predictions" in result:
        counts = f"{result['predictions']:,} predictions, {result['errors']:,} errors"
        typer.echo(f"{counts}: {result['output_path']}")
    if "table" in result:
        typer.echo(result["table"])
        typer.echo(f"model: {jobdir.model}  (report: {jobdir.model / 'report.html'})")


@app.command()
def predict(
    model: ModelFolder,
    images: Annotated[list[str], typer.Argument(help="Pictures, wildcards or folders.")],
    draw: Annotated[Path | None, typer.Option(help="Folder for pictures with the boxes drawn.")] = None,
    output: Annotated[Path | None, typer.Option(help="File for the JSON lines instead of the terminal.")] = None,
    threshold: Annotated[float, typer.Option(help="Weakest score that is listed.")] = 0.0,
    draw_threshold: Annotated[float, typer.Option(help="Weakest score that is drawn.")] = 0.3,
    tile: Tile = None,
    overlap: Overlap = None,
) -> None:
    """Find objects in pictures: one JSON line a picture, boxes in its pixels, best first."""
    from boxwright import files, predictions

    lines, unread = [], 0
    paths = predictions.picture_paths(images)
    found = predictions.predict_files(model, paths, tile=tile, overlap=overlap)
    for one, name in zip(found, predictions.drawing_names(paths), strict=True):
        if isinstance(one, predictions.Unread):
            unread += 1
            typer.echo(f"boxwright: {one.path}: {one.reason}", err=True)
            continue
        lines.append(predictions.as_json(one, threshold))
        if output is None:
            typer.echo(lines[-1])
        if draw is not None:
            predictions.draw(one, draw / name, draw_threshold)
    if output is not None:
        files.write_text(str(output), "".join(f"{line}\n" for line in lines))
    if unread:
        raise ValueError(f"{unread} of {len(paths)} pictures could not be read")


@app.command("batch-predict")
def batch_predict(
    model: ModelFolder,
    data_format: jobs.DataFormat,
    input_paths: jobs.InputPaths,
    output_path: jobs.OutputPath,
    batch_size: jobs.BatchSize = None,
    max_worker_count: jobs.MaxWorkerCount = None,
    job_dir: Annotated[Path | None, typer.Option(help="Folder for the log; OUTPUT_PATH/job where left out.")] = None,
) -> None:
    """Find objects in any number of pictures, as JSON lines in shards; the same command goes on after an interruption.

    It does here what `boxwright jobs submit prediction` has a server do.
    """
    from boxwright import files
    from boxwright.commands.prediction_submission import read_local_prediction
    from boxwright.jobdir import Job

    given = read_local_prediction({**locals(), "model": None, "model_dir": model}, Path.cwd())
    folder = str(job_dir or files.join(given.output_path, "job"))
    _run_job(folder, Job(kind="prediction", algorithm="batch_prediction", arguments={}, prediction=given))


@app.command()
def evaluate(
    model: ModelFolder,
    data: DataPath,
    split: Split = "",
    labels_file: LabelsFile = "",
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
    report: Annotated[Path | None, typer.Option(help="Write an HTML report with PR curves and pictures.")] = None,
    output: Annotated[
        str, typer.Option(help="Folder to write to: figures, errors with pictures, and all predictions.")
    ] = "",
    tile: Tile = None,
    overlap: Overlap = None,
    variant: Annotated[str, typer.Option(help="int8 or fp16; float32 where left out.")] = "",
    root: Annotated[
        list[str] | None, typer.Option(help="Folder that may be read and written; may be repeated. Any where left out.")
    ] = None,
) -> None:
    """Measure an exported model on labelled data: COCO's table, VOC mAP, AP of each class, PR curves."""
    from contextlib import nullcontext

    from boxwright import files
    from boxwright.evaluation.write import ProgressFile
    from boxwright.measure import measure
    from boxwright.termination import following_parent

    told = ProgressFile(output) if output else lambda *_: None
    with following_parent(), files.confined(root) if root else nullcontext():
        measured = measure(
            model,
            data,
            split=split or None,
            labels_file=labels_file,
            tile=tile,
            overlap=overlap,
            variant=variant,
            told=told,
        )
        if report is not None:
            measured.write_report(str(report))
        if output:
            measured.write_evaluation(output)
    for line in measured.left_out():
        typer.echo(f"left out: {line}", err=True)
    typer.echo(measured.as_json() if json else measured.table())


@app.command()
def export(
    model: ModelFolder,
    to: Annotated[str, typer.Option(help="Formats, separated by commas: savedmodel, onnx, onnx-int8, onnx-fp16.")],
    output: Annotated[Path | None, typer.Option(help="Folder to write to; the model's own where left out.")] = None,
    data: Annotated[str, typer.Option(help="Pictures for the check; the run's validation data where left out.")] = "",
    max_ap_drop: Annotated[float, typer.Option(help="Most AP that an int8 or fp16 model may lose.")] = 0.01,
) -> None:
    """Export a trained model's weights again; the new files count only if they find what the weights find.

    Of int8 and fp16 models AP is measured instead, beside that of float32.
    """
    from boxwright.export.again import export_again

    formats = [name.strip() for name in to.split(",")]
    paths, agreements = export_again(model, formats, output, data or None, max_ap_drop)
    for name, agreement in agreements.items():
        typer.echo(f"{name}: {agreement}")
    for path in paths:
        typer.echo(str(path))


if __name__ == "__main__":
    main()
