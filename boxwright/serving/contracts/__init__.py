"""One module for each wire contract: it reads requests, asks the model, and writes answers and errors in its form."""

from boxwright.serving.contracts import (
    ai_platform,
    kserve,
    label_studio,
    own,
    process,
    sagemaker,
    tensorflow_serving,
    vertex,
)

CONTRACTS = (process, own, label_studio, sagemaker, tensorflow_serving, ai_platform, vertex, kserve)
"""Modules, each with its `router`."""
