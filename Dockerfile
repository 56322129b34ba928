# A training container as SageMaker starts it: docker run -v "$PWD/ml:/opt/ml" IMAGE train
FROM python:3.12-slim

ENV PYTHONUNBUFFERED=1

WORKDIR /usr/src/boxwright
COPY pyproject.toml README.md LICENSE ./
COPY boxwright boxwright
RUN pip install --no-cache-dir . && rm -rf /usr/src/boxwright/*

WORKDIR /opt/ml
ENTRYPOINT ["boxwright", "sagemaker"]
