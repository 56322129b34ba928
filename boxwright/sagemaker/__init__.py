"""SageMaker's Python SDK, as far as built-in detectors need it: the same names, on machines of one's own.

A job runs on this machine, or on the server that BOXWRIGHT_SERVER names.
"""

from boxwright.sagemaker.session import Session, get_execution_role

__all__ = ["Session", "get_execution_role"]
