"""`boxwright runner`: the process that runs queued jobs on this machine."""

import os

import typer

USAGE = "boxwright runner"

DATABASE_VARIABLE = "BOXWRIGHT_DATABASE"
"""Environment variable for --database, whose password should not stand in a list of processes."""


def runner(context: typer.Context) -> None:
    """Run queued jobs on this machine. `boxwright runner --help` lists the options.

    A server has one beside it; more machines take part by running this with the same database and the same folders.
    SIGTERM ends it: its workers go on, and the next runner takes them over. The database may stand in the environment
    variable BOXWRIGHT_DATABASE as well.
    """
    from boxwright.commands import settings
    from boxwright.jobs.process import run_supervisor
    from boxwright.spec.server import RunnerSettings, StorePlace

    kinds = (StorePlace, RunnerSettings)
    if {"--help", "-h"} & set(context.args):
        typer.echo(settings.help_text(USAGE, str(runner.__doc__), kinds))
        return
    given = settings.read(context.args, kinds)
    given.texts.setdefault("database", os.environ.get(DATABASE_VARIABLE, ""))
    run_supervisor(given.of(StorePlace), given.of(RunnerSettings))
