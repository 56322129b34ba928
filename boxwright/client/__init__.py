"""Talks to a control plane over HTTP: submits, reads, lists, cancels and relabels jobs, and follows their logs."""

from boxwright.client.address import DEFAULT_PROJECT, Address, find_server
from boxwright.client.client import Client
from boxwright.client.errors import ServerError, Unreachable, read_error
from boxwright.client.lines import LogLine

__all__ = [
    "Address",
    "Client",
    "DEFAULT_PROJECT",
    "LogLine",
    "ServerError",
    "Unreachable",
    "find_server",
    "read_error",
]
