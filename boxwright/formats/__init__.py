"""Labelled data sets: reading, writing and recognising them. See `docs/formats.md`."""

from boxwright.formats.recognise import FORMATS, OF_ONE_SPLIT, Format, read, recognise, splits, write
from boxwright.formats.sample import ClassName, Dataset, Sample, SampleReader

__all__ = [
    "FORMATS",
    "OF_ONE_SPLIT",
    "ClassName",
    "Dataset",
    "Format",
    "Sample",
    "SampleReader",
    "read",
    "recognise",
    "splits",
    "write",
]
