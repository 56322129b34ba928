"""`boxwright sagemaker`: what a container runs that SageMaker, or anything that speaks as it does, starts."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Keep SageMaker's contract with a container.", no_args_is_help=True)


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


@app.command("serve")
def serve(root: Annotated[Path, typer.Option(help="Folder with model/.")] = Path("/opt/ml")) -> None:
    """Serve the model in ROOT/model on port 8080, or SAGEMAKER_BIND_TO_PORT, until SIGTERM.

    `/ping` and `/invocations` are what the platform asks; every other contract of `boxwright serve` is answered, too.
    """
    from boxwright.commands import settings
    from boxwright.commands.containers import sagemaker_words
    from boxwright.commands.serving import serve_model
    from boxwright.spec.serving import ServeSettings

    folder, *options = sagemaker_words(str(root), os.environ)
    serve_model(folder, settings.read(options, (ServeSettings,)).of(ServeSettings), typer.echo)
