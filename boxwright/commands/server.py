"""`boxwright server`: the control plane with its runner, in one command."""

import os
from contextlib import nullcontext

import typer

from boxwright.commands.runner import DATABASE_VARIABLE

USAGE = "boxwright server"


def server(context: typer.Context) -> None:
    """Answer requests for jobs, queue them, and run them on this machine. `boxwright server --help` lists the options.

    The first start makes an admin token and prints it once. Ctrl-C or SIGTERM ends the server; jobs that run go on,
    and the next start finds them again. The database may stand in the environment variable BOXWRIGHT_DATABASE as well.
    """
    from boxwright.commands import settings
    from boxwright.commands.control_plane import serve
    from boxwright.commands.runner_process import RunnerProcess
    from boxwright.spec.server import RunnerSettings, ServerSettings

    kinds = (ServerSettings, RunnerSettings)
    flags = (
        settings.Flag("no_runner", "Only answer requests; jobs are run by `boxwright runner` elsewhere."),
        settings.Flag("new_token", "Make a new admin token in place of the first one, for when that is lost."),
    )
    if {"--help", "-h"} & set(context.args):
        typer.echo(settings.help_text(USAGE, str(server.__doc__), kinds, flags))
        return
    given = settings.read(context.args, kinds, flags)
    given.texts.setdefault("database", os.environ.get(DATABASE_VARIABLE, ""))
    one, runner = given.of(ServerSettings), given.of(RunnerSettings)
    words = [f"--data-dir={one.folder}", *settings.written(runner)]
    environment = {**os.environ, DATABASE_VARIABLE: one.database_url}
    beside = nullcontext() if "no_runner" in given.flags else RunnerProcess(words, environment, _say)
    new_token = "new_token" in given.flags
    serve(one, allow_substitute=runner.allow_substitute, new_token=new_token, beside=beside, say=_say)


def _say(line: str) -> None:
    typer.echo(line)  # flushes: the address is there at once, also in a pipe
