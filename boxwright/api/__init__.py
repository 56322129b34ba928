"""The HTTP API of the control plane: the jobs of AI Platform Training v1, their logs, and tokens."""
