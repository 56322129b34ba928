"""Pages of data sets: the list, and one of them with its findings, its pictures and its plots."""

from boxwright.console.pages.datasets.listed import datasets
from boxwright.console.pages.datasets.one import dataset

__all__ = ["dataset", "datasets"]
