"""`boxwright jobs`: the managed service's commands for training and prediction, for a control plane of one's own."""

import sys
from typing import Annotated, Any

import typer

from boxwright.commands import labels

app = typer.Typer(help="Submit, watch and cancel jobs on a server.", no_args_is_help=True)
submit_app = typer.Typer(help="Queue a job.", no_args_is_help=True)
app.add_typer(submit_app, name="submit")

Job = Annotated[str, typer.Argument(help="Id of the job.")]
Server = Annotated[str, typer.Option(help="Address; BOXWRIGHT_SERVER or http://127.0.0.1:8600 where left out.")]
Project = Annotated[str, typer.Option(help="Project; BOXWRIGHT_PROJECT or local where left out.")]
Format = Annotated[str, typer.Option(help="yaml, json or table.")]
Text = str | None
Number = int | None

INTERRUPTED = 130
"""Exit status after Ctrl-C, as shells have it."""


@submit_app.command("training", context_settings={"allow_extra_args": True})
def training(
    context: typer.Context,
    job: Job,
    config: Annotated[Text, typer.Option(help="YAML file with trainingInput and labels; options beat it.")] = None,
    region: Annotated[Text, typer.Option(help="Kept with the job.")] = None,
    job_dir: Annotated[Text, typer.Option(help="Folder for checkpoints, logs and the model.")] = None,
    scale_tier: Annotated[
        Text, typer.Option(help="basic, basic-gpu, basic-tpu, custom, premium-1 or standard-1.")
    ] = None,
    master_machine_type: Annotated[Text, typer.Option(help="Machine, with --scale-tier=custom.")] = None,
    master_image_uri: Annotated[Text, typer.Option(help="Names the algorithm.")] = None,
    master_accelerator: Annotated[Text, typer.Option(help="count=1,type=nvidia-tesla-p100")] = None,
    worker_machine_type: Annotated[Text, typer.Option(help="Machine of the workers.")] = None,
    worker_count: Annotated[Number, typer.Option(help="Number of workers.")] = None,
    worker_image_uri: Annotated[Text, typer.Option(help="Image of the workers.")] = None,
    worker_accelerator: Annotated[Text, typer.Option(help="Accelerators of each worker.")] = None,
    parameter_server_machine_type: Annotated[Text, typer.Option(help="Machine of the parameter servers.")] = None,
    parameter_server_count: Annotated[Number, typer.Option(help="Number of parameter servers.")] = None,
    parameter_server_image_uri: Annotated[Text, typer.Option(help="Image of the parameter servers.")] = None,
    runtime_version: Annotated[Text, typer.Option(help="Excluded by an image.")] = None,
    python_version: Annotated[Text, typer.Option(help="Kept with the job.")] = None,
    labels: Annotated[Text, typer.Option(help="key=value,...")] = None,
    service_account: Annotated[Text, typer.Option(help="Kept with the job.")] = None,
    network: Annotated[Text, typer.Option(help="Kept with the job.")] = None,
    kms_key: Annotated[Text, typer.Option(help="Kept with the job.")] = None,
    max_running_time: Annotated[Text, typer.Option(help="Such as 3600s, 90m or 2h; a job fails after it.")] = None,
    max_wait_time: Annotated[Text, typer.Option(help="At least 30m; a job is cancelled after it.")] = None,
    priority: Annotated[Number, typer.Option(help="0 to 1000; a larger one starts earlier.")] = None,
    use_chief_in_tf_config: Annotated[Text, typer.Option(help="true or false; kept with the job.")] = None,
    enable_web_access: Annotated[bool, typer.Option("--enable-web-access", help="Kept with the job.")] = False,
    allow_substitute: Annotated[
        bool, typer.Option("--allow-substitute", help="Train on the nearest machine that there is.")
    ] = False,
    stream_logs: Annotated[bool, typer.Option("--stream-logs", help="Follow the log until the job ends.")] = False,
    run_async: Annotated[bool, typer.Option("--async", help="Return at once, as is the default.")] = False,
    server: Server = "",
    project: Project = "",
    format: Format = "yaml",
) -> None:
    """Queue a training job: boxwright jobs submit training JOB --config=config.yaml -- --training_data_path=... ...

    What stands after -- are the algorithm's arguments.
    """
    options = dict(locals())
    if stream_logs and run_async:
        raise ValueError("--stream-logs and --async exclude each other")
    _submit(context.args, options)


def _submit(words: list[str], options: dict[str, Any]) -> None:
    from pathlib import Path

    from boxwright.client import find_server
    from boxwright.commands.config_file import ConfigFile, read_config
    from boxwright.commands.submission import read_submission
    from boxwright.commands.tables import check_format

    check_format(options["format"])
    address = find_server(options["server"], options["project"])
    config = read_config(options["config"]) if options["config"] else ConfigFile()
    _send(address, read_submission(options["job"], options, words, config, Path.cwd()), options)


def _send(address: Any, submission: Any, options: dict[str, Any]) -> None:
    from boxwright.client import Client, ServerError
    from boxwright.commands.tables import written

    job, format = options["job"], options["format"]
    with Client(address) as client:
        try:
            submitted = client.submit(submission.request)
        except ServerError as error:
            raise submission.explained_error(error) from error
        typer.echo(f"Job [{job}] submitted successfully.", err=True)
        if submitted.get("note"):
            typer.echo(f"Machines: {submitted['note']}", err=True)
        if options["stream_logs"]:
            _follow(client, job)
            submitted = client.get(job)
        else:
            typer.echo(_still_active(job, _whither(options["server"], options["project"])), err=True)
        names = ("jobId", "state") + (("createTime", "startTime", "endTime") if options["stream_logs"] else ())
        shown = {name: submitted[name] for name in names if name in submitted}
        _print(written(submitted if format == "table" else shown, format))
        if options["stream_logs"]:
            _leave_unless_succeeded(submitted)


def _whither(server: str, project: str) -> str:
    """Options with which another command finds the same job."""
    return "".join(f" --{name}={value}" for name, value in (("server", server), ("project", project)) if value)


def _still_active(job: str, also: str) -> str:
    return (
        "Your job is still active. You may view the status of your job with the command\n\n"
        f"  $ boxwright jobs describe {job}{also}\n\n"
        "or continue streaming the logs with the command\n\n"
        f"  $ boxwright jobs stream-logs {job}{also}"
    )


def _print(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


DataFormat = Annotated[str, typer.Option(help="json, text (the same), tf-record, tf-record-gzip or image.")]
InputPaths = Annotated[str, typer.Option(help="Files, wildcards and folders, separated by commas.")]
OutputPath = Annotated[str, typer.Option(help="Folder for the results.")]
BatchSize = Annotated[Number, typer.Option(help="Most pictures in one call of the network.")]
MaxWorkerCount = Annotated[Number, typer.Option(help="Most threads.")]


@submit_app.command("prediction")
def prediction(
    job: Job,
    data_format: DataFormat,
    input_paths: InputPaths,
    output_path: OutputPath,
    model_dir: Annotated[Text, typer.Option(help="Folder of a model, such as JOB_DIR/model.")] = None,
    model: Annotated[Text, typer.Option(help="Name of a deployed model, instead of --model-dir.")] = None,
    version: Annotated[Text, typer.Option(help="Version of --model; its default one where left out.")] = None,
    region: Annotated[Text, typer.Option(help="Kept with the job.")] = None,
    batch_size: BatchSize = None,
    max_worker_count: MaxWorkerCount = None,
    runtime_version: Annotated[Text, typer.Option(help="Kept with the job.")] = None,
    signature_name: Annotated[Text, typer.Option(help="serving_default, the only one.")] = None,
    labels: Annotated[Text, typer.Option(help="key=value,...")] = None,
    stream_logs: Annotated[bool, typer.Option("--stream-logs", help="Follow the log until the job ends.")] = False,
    server: Server = "",
    project: Project = "",
    format: Format = "yaml",
) -> None:
    """Queue a batch prediction: objects in any number of pictures, as JSON lines in --output-path."""
    from pathlib import Path

    from boxwright.client import find_server
    from boxwright.commands.prediction_submission import read_prediction
    from boxwright.commands.tables import check_format

    options = dict(locals())
    check_format(format)
    address = find_server(server, project)
    _send(address, read_prediction(job, options, address.project, Path.cwd()), options)


@app.command("describe")
def describe(
    job: Job,
    summarize: Annotated[bool, typer.Option("--summarize", help="Tables of what matters.")] = False,
    server: Server = "",
    project: Project = "",
    format: Format = "yaml",
) -> None:
    """Show a job."""
    from boxwright.client import Client, find_server
    from boxwright.commands.tables import check_format, summary, written

    check_format(format)
    with Client(find_server(server, project)) as client:
        found = client.get(job)
    _print(summary(found) if summarize or format == "table" else written(found, format))
    typer.echo(f"\nView logs with:\n  $ boxwright jobs stream-logs {job}{_whither(server, project)}", err=True)


@app.command("stream-logs")
def stream_logs(
    job: Job,
    polling_interval: Annotated[
        float, typer.Option(help="Lines come as they are written; this bounds the wait after a lost connection, in s.")
    ] = 10.0,
    task_name: Annotated[str, typer.Option(help="Lines of one task only.")] = "",
    allow_multiline_logs: Annotated[
        bool, typer.Option("--allow-multiline-logs", help="Keep texts of several lines together.")
    ] = False,
    server: Server = "",
    project: Project = "",
) -> None:
    """Follow a job's log until the job ends; exit status 1 unless it succeeded."""
    from boxwright.client import Client, find_server

    if not polling_interval > 0:
        raise ValueError(f"--polling-interval must be above 0, got {polling_interval:g}")
    with Client(find_server(server, project)) as client:
        _follow(client, job, longest_wait=polling_interval, task=task_name, multiline=allow_multiline_logs)
        _leave_unless_succeeded(client.get(job))


def _follow(client: Any, job: str, *, longest_wait: float = 10.0, task: str = "", multiline: bool = False) -> None:
    from boxwright.commands.tables import log_rows

    def told(text: str) -> None:
        typer.echo(f"boxwright: {text}", err=True)

    try:
        for line in client.follow(job, longest_wait=longest_wait, told=told):
            if task in ("", line.task):
                _print("".join(f"{row}\n" for row in log_rows(line, multiline=multiline)))
    except KeyboardInterrupt as stop:
        typer.echo(f"boxwright: the job goes on; `boxwright jobs cancel {job}` ends it", err=True)
        raise SystemExit(INTERRUPTED) from stop


def _leave_unless_succeeded(job: dict[str, Any]) -> None:
    if job["state"] == "SUCCEEDED":
        return
    message = job.get("errorMessage", "")
    typer.echo(f"boxwright: job [{job['jobId']}] {job['state']}{': ' if message else ''}{message}", err=True)
    raise SystemExit(1)


@app.command("list")
def list_jobs(
    filter: Annotated[str, typer.Option(help="Such as 'jobId:rnn* AND state:FAILED'.")] = "",
    limit: Annotated[Number, typer.Option(help="At most so many.", min=1)] = None,
    page_size: Annotated[int, typer.Option(help="Jobs a request.", min=1, max=100)] = 100,
    sort_by: Annotated[str, typer.Option(help="Columns or fields, separated by commas; ~ before one turns it.")] = "",
    uri: Annotated[bool, typer.Option("--uri", help="Addresses only.")] = False,
    server: Server = "",
    project: Project = "",
    format: Format = "table",
) -> None:
    """List jobs, newest first."""
    from itertools import islice

    from boxwright.client import Client, find_server
    from boxwright.commands.tables import check_format, in_order, written

    check_format(format)
    with Client(find_server(server, project)) as client:
        size = min(page_size, limit) if limit and not sort_by else page_size
        found = client.jobs(filter, size)
        jobs = list(islice(in_order(found, sort_by) if sort_by else found, limit))
        if uri:
            _print("".join(f"{client.uri(one['jobId'])}\n" for one in jobs))
        else:
            _print(written(jobs, format))


@app.command("cancel")
def cancel(job: Job, server: Server = "", project: Project = "") -> None:
    """End a job; nothing happens where it has ended."""
    from boxwright.client import Client, find_server

    with Client(find_server(server, project)) as client:
        client.cancel(job)


@app.command("update")
def update(
    job: Job,
    update_labels: labels.Set = "",
    clear_labels: labels.Clear = False,
    remove_labels: labels.Remove = "",
    server: Server = "",
    project: Project = "",
) -> None:
    """Change a job's labels."""
    from boxwright.client import Client, find_server

    change = labels.LabelChange.read(update_labels, clear_labels, remove_labels)
    if not change:
        raise ValueError("give --update-labels, --clear-labels or --remove-labels")
    with Client(find_server(server, project)) as client:
        client.relabel(job, change)
    typer.echo(f"Job [{job}] updated.", err=True)
