"""`boxwright tokens`: who may do what on a server."""

from typing import Annotated

import typer

app = typer.Typer(help="Make, list and revoke the tokens of a server.", no_args_is_help=True)

Server = Annotated[str, typer.Option(help="Address; BOXWRIGHT_SERVER or http://127.0.0.1:8600 where left out.")]
ROLES = "viewer (reads), annotator (labels, too), trainer (submits and cancels jobs, too) or admin (tokens, too)"


@app.command("create")
def create(
    name: Annotated[str, typer.Option(help="Whose it is; no two good tokens share a name.")],
    role: Annotated[str, typer.Option(help=f"{ROLES}.")],
    server: Server = "",
) -> None:
    """Make a token and print it. It cannot be shown again."""
    from boxwright.client import Client, find_server

    with Client(find_server(server)) as client:
        typer.echo(client.create_token(name, role))


@app.command("list")
def list_tokens(
    server: Server = "",
    format: Annotated[str, typer.Option(help="yaml, json or table.")] = "table",
) -> None:
    """List all tokens, revoked ones too, without their secrets."""
    from boxwright.client import Client, find_server
    from boxwright.commands.tables import check_format, listed, written

    check_format(format)
    with Client(find_server(server)) as client:
        found = client.tokens()
    columns = {"NAME": "name", "ROLE": "role", "CREATED": "createTime", "REVOKED": "revokeTime"}
    typer.echo(listed(found, columns) if format == "table" else written(found, format), nl=False)


@app.command("revoke")
def revoke(
    name: Annotated[str, typer.Argument(help="Of the token.")],
    server: Server = "",
) -> None:
    """Make a token good for nothing, at once and for good; log streams that it has opened end, too."""
    from boxwright.client import Client, find_server

    with Client(find_server(server)) as client:
        client.revoke_token(name)
    typer.echo(f"Token [{name}] revoked.", err=True)
