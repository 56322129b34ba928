"""`boxwright sagemaker`: what a container runs that SageMaker, or anything that speaks as it does, starts."""

import sys
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Keep SageMaker's contract with a container.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keeps `train` a command of its own while it is the only one."""


@app.command("train")
def train(
    root: Annotated[Path, typer.Option(help="Folder with input/, where model/ and output/ go.")] = Path("/opt/ml"),
) -> None:
    """Train as ROOT/input says, and leave ROOT/model; where that fails, ROOT/output/failure says why.

    The environment variable BOXWRIGHT_ALGORITHM, or the hyper-parameter boxwright_algorithm, names the algorithm; else
    the channels tell it: `training` is SageMaker's TensorFlow detector, `train` its MXNet one.
    """
    from boxwright.sagemaker.container import train as run

    def say(text: str) -> None:
        sys.stdout.write(text)
        sys.stdout.flush()

    status = run(root, say)
    if status:
        raise SystemExit(status)
