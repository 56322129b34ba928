"""Stands in for `sagemaker.inputs`."""

from dataclasses import dataclass

from boxwright.sagemaker.session import absolute, place

FILE_MODES = (None, "File", "FastFile")


@dataclass(frozen=True)
class TrainingInput:
    """One channel of data.

    Attributes:
        s3_data: where it is: a path, a URL, or `s3://` in a local bucket.
        distribution, compression, content_type, record_wrapping, s3_data_type: taken, and without effect: the data
            itself tells its format.
        input_mode: File or FastFile, which are the same here.
    """

    s3_data: str
    distribution: str | None = None
    compression: str | None = None
    content_type: str | None = None
    record_wrapping: str | None = None
    s3_data_type: str = "S3Prefix"
    input_mode: str | None = None


Inputs = str | TrainingInput | dict[str, str | TrainingInput]
"""What `fit` takes: one channel, named `training` then, or several by name."""


def read_inputs(inputs: Inputs | None) -> dict[str, str]:
    """Where the data of each channel really is.

    Raises:
        ValueError: no channel, or a mode in which data cannot be read here.
    """
    named = inputs if isinstance(inputs, dict) else {"training": inputs} if inputs is not None else {}
    if not named:
        raise ValueError('fit needs data: fit({"training": PATH}), or channels such as "train" and "validation"')
    return {name: _place(name, one) for name, one in named.items()}


def _place(name: str, one: str | TrainingInput) -> str:
    if isinstance(one, str):
        return absolute(place(one))
    if one.input_mode not in FILE_MODES:
        raise ValueError(f"channel {name!r}: input_mode must be File or FastFile, got {one.input_mode!r}")
    return absolute(place(one.s3_data))
