# A container as SageMaker starts it, to train or to serve: docker run -v "$PWD/ml:/opt/ml" IMAGE train
# Vertex AI's custom containers serve with the command ["boxwright", "serve"] in place of the entrypoint.
FROM python:3.12-slim

ENV PYTHONUNBUFFERED=1

WORKDIR /usr/src/boxwright
COPY pyproject.toml README.md LICENSE ./
COPY boxwright boxwright
RUN pip install --no-cache-dir . && rm -rf /usr/src/boxwright/*

WORKDIR /opt/ml
ENTRYPOINT ["boxwright", "sagemaker"]
