"""`boxwright deploy`: a trained model behind a name, in one command."""

from typing import Annotated

import typer

from boxwright.commands.versions import Project, Server, Settings, Workers


def deploy(
    model_dir: Annotated[str, typer.Argument(help="A trained model's folder, such as JOB_DIR/model.")],
    name: Annotated[str, typer.Argument(help="Name of the model that clients ask.")],
    *,
    version: Annotated[str, typer.Option(help="Name of the version; v1, v2 and so on where left out.")] = "",
    workers: Workers = None,
    settings: Settings = "",
    no_default: Annotated[bool, typer.Option("--no-default", help="Leave requests with the version before.")] = False,
    server: Server = "",
    project: Project = "",
) -> None:
    """Serve a trained model under a name: boxwright deploy JOB_DIR/model cells

    The model is made if there is none of the name. Once its worker processes answer, all requests go to the new
    version; none fails meanwhile. `boxwright versions delete` ends the version before.
    """
    from boxwright.client import Client, find_server
    from boxwright.commands import deployments as on

    address = find_server(server, project)
    with Client(address) as client:
        on.bring_up(client, name)
        versions = f"{on.model_path(name)}/versions"
        taken = {one["name"].rpartition("/")[2] for one in on.pages(client, versions, "versions")}
        chosen = version or on.next_version(taken)
        body = on.version_body(chosen, model_dir, workers, settings)
        given = {key: value for key, value in body.items() if value}
        on.finished(client, client.ask("POST", versions, given))
        if not no_default:
            client.ask("POST", f"{on.version_path(name, chosen)}:setDefault", {})
    typer.echo(f"Version [{chosen}] of model [{name}] answers.", err=True)
    typer.echo(f"{address.url}/v1/projects/{address.project}/{on.version_path(name, chosen)}:predict")
