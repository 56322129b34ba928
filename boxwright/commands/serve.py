"""`boxwright serve`: one model behind every serving contract."""

import os

import typer

USAGE = "boxwright serve MODEL"


def serve(context: typer.Context) -> None:
    """Serve a trained model over HTTP. `boxwright serve --help` lists the options and the contracts.

    MODEL is a model's folder such as JOB_DIR/model, local, gs:// or s3://. Its clients may speak TensorFlow Serving,
    AI Platform Prediction, SageMaker, Vertex AI, KServe v2, Label Studio or plain HTTP. Ctrl-C or SIGTERM ends it;
    requests under way are still answered. In a custom container of Vertex AI, the variables AIP_STORAGE_URI,
    AIP_HTTP_PORT, AIP_HEALTH_ROUTE and AIP_PREDICT_ROUTE say what is not said here.
    """
    from boxwright.commands import settings
    from boxwright.commands.containers import vertex_words
    from boxwright.commands.serving import serve_model
    from boxwright.spec.serving import ServeSettings

    words = list(context.args)
    if not {"--help", "-h"} & set(words):
        words = vertex_words(words, os.environ)
    if not words or {"--help", "-h"} & set(words):
        typer.echo(settings.help_text(USAGE, str(serve.__doc__), (ServeSettings,)))
        return
    folder, *options = words
    if folder.startswith("-"):
        raise ValueError(f"the model's folder comes first: {USAGE} --port=8080, got {folder!r}")
    serve_model(folder, settings.read(options, (ServeSettings,)).of(ServeSettings), typer.echo)
