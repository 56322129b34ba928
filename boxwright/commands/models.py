"""`boxwright models`: names under which versions of models are served, with gcloud's flags."""

from typing import Annotated

import typer

from boxwright.commands import labels

app = typer.Typer(help="Make, list, change and delete the models that a server serves.", no_args_is_help=True)

Model = Annotated[str, typer.Argument(help="Name of the model.")]
Server = Annotated[str, typer.Option(help="Address; BOXWRIGHT_SERVER or http://127.0.0.1:8600 where left out.")]
Project = Annotated[str, typer.Option(help="Project; BOXWRIGHT_PROJECT or local where left out.")]
Format = Annotated[str, typer.Option(help="yaml, json or table.")]


@app.command("create")
def create(
    model: Model,
    description: Annotated[str, typer.Option(help="What it is.")] = "",
    labels: Annotated[str, typer.Option(help="key=value,...")] = "",
    regions: Annotated[str, typer.Option(help="Kept with the model.")] = "",
    enable_logging: Annotated[bool, typer.Option("--enable-logging", help="Kept with the model.")] = False,
    enable_console_logging: Annotated[
        bool, typer.Option("--enable-console-logging", help="Kept with the model.")
    ] = False,
    server: Server = "",
    project: Project = "",
) -> None:
    """Make a model without versions. `boxwright versions create` and `boxwright deploy` add them."""
    from boxwright.client import Client, find_server
    from boxwright.job_flags import read_labels

    given = {
        "description": description,
        "labels": read_labels(labels),
        "regions": [region.strip() for region in regions.split(",") if region.strip()],
        "onlinePredictionLogging": enable_logging,
        "onlinePredictionConsoleLogging": enable_console_logging,
    }
    body = {"name": model, **{name: value for name, value in given.items() if value}}
    with Client(find_server(server, project)) as client:
        made = client.ask("POST", "models", body)
    typer.echo(f"Created model [{made['name']}].", err=True)


@app.command("list")
def list_models(server: Server = "", project: Project = "", format: Format = "table") -> None:
    """List models, each with its default version."""
    from boxwright.client import Client, find_server
    from boxwright.commands.deployments import MODEL_COLUMNS, pages, shown
    from boxwright.commands.tables import check_format, listed, written

    check_format(format)
    with Client(find_server(server, project)) as client:
        found = list(pages(client, "models", "models"))
    table = format == "table"
    typer.echo(listed(map(shown, found), MODEL_COLUMNS) if table else written(found, format), nl=False)


@app.command("describe")
def describe(model: Model, server: Server = "", project: Project = "", format: Format = "yaml") -> None:
    """Show a model, its default version and how its traffic is split."""
    from boxwright.client import Client, find_server
    from boxwright.commands.deployments import MODEL_COLUMNS, model_path, shown
    from boxwright.commands.tables import check_format, listed, written

    check_format(format)
    with Client(find_server(server, project)) as client:
        found = client.ask("GET", model_path(model))
    typer.echo(listed([shown(found)], MODEL_COLUMNS) if format == "table" else written(found, format), nl=False)


@app.command("update")
def update(
    model: Model,
    description: Annotated[str | None, typer.Option(help="What it is.")] = None,
    traffic: Annotated[
        str | None, typer.Option(help="Percentages such as v1=90,v2=10; empty: all to the default version.")
    ] = None,
    update_labels: labels.Set = "",
    clear_labels: labels.Clear = False,
    remove_labels: labels.Remove = "",
    server: Server = "",
    project: Project = "",
) -> None:
    """Change a model's description, its labels, or how its requests are split between versions."""
    from boxwright.client import Client, find_server
    from boxwright.commands.deployments import model_path, read_traffic, updated

    change = labels.LabelChange.read(update_labels, clear_labels, remove_labels)
    fields: dict[str, object] = {}
    if description is not None:
        fields["description"] = description
    if traffic is not None:
        fields["traffic"] = read_traffic(traffic)
    with Client(find_server(server, project)) as client:
        if change:
            before = client.ask("GET", model_path(model))
            fields |= {"labels": change(before.get("labels", {})), "etag": before["etag"]}
        if not fields:
            raise ValueError("give --description, --traffic, --update-labels, --clear-labels or --remove-labels")
        client.ask("PATCH", updated(model_path(model), fields), fields)
    typer.echo(f"Model [{model}] updated.", err=True)


@app.command("delete")
def delete(model: Model, server: Server = "", project: Project = "") -> None:
    """Delete a model that has no versions."""
    from boxwright.client import Client, find_server
    from boxwright.commands.deployments import finished, model_path

    with Client(find_server(server, project)) as client:
        finished(client, client.ask("DELETE", model_path(model)))
    typer.echo(f"Deleted model [{model}].", err=True)
