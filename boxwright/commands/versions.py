"""`boxwright versions`: deploying, changing and undeploying versions of a model, with gcloud's flags."""

from typing import Annotated

import typer

app = typer.Typer(help="Deploy, list, change and undeploy versions of a model.", no_args_is_help=True)

Version = Annotated[str, typer.Argument(help="Name of the version.")]
OfModel = Annotated[str, typer.Option(help="Name of the model.")]
Origin = Annotated[str, typer.Option(help="A trained model's folder, such as JOB_DIR/model, as the server sees it.")]
Workers = Annotated[int | None, typer.Option(help="Worker processes.", min=1)]
Settings = Annotated[str, typer.Option(help="Options of `boxwright serve`: threads=2,max_batch=8,...")]
Async = Annotated[bool, typer.Option("--async", help="Do not wait until it is done.")]
Server = Annotated[str, typer.Option(help="Address; BOXWRIGHT_SERVER or http://127.0.0.1:8600 where left out.")]
Project = Annotated[str, typer.Option(help="Project; BOXWRIGHT_PROJECT or local where left out.")]
Format = Annotated[str, typer.Option(help="yaml, json or table.")]


@app.command("create")
def create(
    version: Version,
    model: OfModel,
    origin: Origin,
    description: Annotated[str, typer.Option(help="What it is.")] = "",
    labels: Annotated[str, typer.Option(help="key=value,...")] = "",
    workers: Workers = None,
    settings: Settings = "",
    framework: Annotated[str, typer.Option(help="Kept with the version.")] = "",
    runtime_version: Annotated[str, typer.Option(help="Kept with the version.")] = "",
    python_version: Annotated[str, typer.Option(help="Kept with the version.")] = "",
    machine_type: Annotated[str, typer.Option(help="Kept with the version.")] = "",
    run_async: Async = False,
    server: Server = "",
    project: Project = "",
) -> None:
    """Deploy a trained model as a version, and wait until it answers. The first version becomes the default."""
    from boxwright.client import Client, find_server
    from boxwright.commands.deployments import finished, model_path, version_body
    from boxwright.job_flags import read_labels

    body = version_body(version, origin, workers, settings) | {
        "description": description,
        "labels": read_labels(labels),
        "framework": framework.upper().replace("-", "_"),
        "runtimeVersion": runtime_version,
        "pythonVersion": python_version,
        "machineType": machine_type,
    }
    with Client(find_server(server, project)) as client:
        given = {name: value for name, value in body.items() if value}
        operation = client.ask("POST", f"{model_path(model)}/versions", given)
        if not run_async:
            finished(client, operation)
    typer.echo(f"{'Creating' if run_async else 'Created'} version [{version}] of model [{model}].", err=True)


@app.command("list")
def list_versions(model: OfModel, server: Server = "", project: Project = "", format: Format = "table") -> None:
    """List a model's versions."""
    from boxwright.client import Client, find_server
    from boxwright.commands.deployments import VERSION_COLUMNS, model_path, pages, shown
    from boxwright.commands.tables import check_format, listed, written

    check_format(format)
    with Client(find_server(server, project)) as client:
        found = list(pages(client, f"{model_path(model)}/versions", "versions"))
    table = format == "table"
    typer.echo(listed(map(shown, found), VERSION_COLUMNS) if table else written(found, format), nl=False)


@app.command("describe")
def describe(
    version: Version, model: OfModel, server: Server = "", project: Project = "", format: Format = "yaml"
) -> None:
    """Show a version: its state, and why it failed."""
    from boxwright.client import Client, find_server
    from boxwright.commands.deployments import VERSION_COLUMNS, shown, version_path
    from boxwright.commands.tables import check_format, listed, written

    check_format(format)
    with Client(find_server(server, project)) as client:
        found = client.ask("GET", version_path(model, version))
    typer.echo(listed([shown(found)], VERSION_COLUMNS) if format == "table" else written(found, format), nl=False)


@app.command("update")
def update(
    version: Version,
    model: OfModel,
    origin: Origin = "",
    description: Annotated[str | None, typer.Option(help="What it is.")] = None,
    workers: Workers = None,
    settings: Annotated[str | None, typer.Option(help="Options of `boxwright serve`; they replace those set.")] = None,
    run_async: Async = False,
    server: Server = "",
    project: Project = "",
) -> None:
    """Serve another folder, with more or fewer processes or other settings; no request fails meanwhile."""
    from boxwright.client import Client, find_server
    from boxwright.commands.deployments import finished, updated, version_body, version_path

    fields = {name: value for name, value in version_body("", origin, workers, settings or "").items() if value}
    if settings is not None:
        fields.setdefault("settings", {})
    if description is not None:
        fields["description"] = description
    if not fields:
        raise ValueError("give --origin, --workers, --settings or --description")
    with Client(find_server(server, project)) as client:
        operation = client.ask("PATCH", updated(version_path(model, version), fields), fields)
        if not run_async:
            finished(client, operation)
    typer.echo(f"{'Updating' if run_async else 'Updated'} version [{version}] of model [{model}].", err=True)


@app.command("set-default")
def set_default(version: Version, model: OfModel, server: Server = "", project: Project = "") -> None:
    """Let a version answer all requests that name none."""
    from boxwright.client import Client, find_server
    from boxwright.commands.deployments import version_path

    with Client(find_server(server, project)) as client:
        client.ask("POST", f"{version_path(model, version)}:setDefault", {})
    typer.echo(f"Version [{version}] is the default of model [{model}].", err=True)


@app.command("delete")
def delete(
    version: Version, model: OfModel, run_async: Async = False, server: Server = "", project: Project = ""
) -> None:
    """Undeploy a version; requests under way are answered. The default version goes last."""
    from boxwright.client import Client, find_server
    from boxwright.commands.deployments import finished, version_path

    with Client(find_server(server, project)) as client:
        operation = client.ask("DELETE", version_path(model, version))
        if not run_async:
            finished(client, operation)
    typer.echo(f"{'Deleting' if run_async else 'Deleted'} version [{version}] of model [{model}].", err=True)
