"""torchvision's weights and numbers: made from the names of its parameters, and what it computed with them."""

import json
import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

PARITY = Path(__file__).resolve().parents[3] / "shared" / "parity"


@dataclass(frozen=True)
class Parity:
    """torchvision 0.28's state-dict shapes and outputs, by model."""

    shapes: dict[str, dict[str, tuple[int, ...]]]
    outputs: Mapping[str, Any]


@pytest.fixture(scope="session")
def parity() -> Parity:
    if not (PARITY / "golden.npz").exists():
        pytest.skip("torchvision's numbers (shared/parity) are not here")
    manifest = json.loads((PARITY / "manifest.json").read_text())
    shapes = {
        model: {name: tuple(shape) for name, shape in entry["state_dict"].items()} for model, entry in manifest.items()
    }
    return Parity(shapes, dict(np.load(PARITY / "golden.npz")))


def stand_in(name: str, shape: tuple[int, ...]) -> Tensor:
    """The value that the reference run gave the weight of this name: seeded by the CRC-32 of the name."""
    if name.endswith("num_batches_tracked"):
        return torch.zeros(shape, dtype=torch.int64)
    source = torch.Generator().manual_seed(zlib.crc32(name.encode()))
    if len(shape) > 1:
        return torch.randn(shape, generator=source) / math.sqrt(math.prod(shape[1:]))
    uniform = torch.rand(shape, generator=source)
    if name.endswith("running_var"):
        return uniform + 0.5
    return uniform * 0.5 + (0.75 if name.endswith("weight") else -0.25)


@pytest.fixture(scope="session")
def stand_ins() -> Any:
    """Function: shapes by torchvision name -> weights by torchvision name."""
    return lambda shapes: {name: stand_in(name, tuple(shape)) for name, shape in shapes.items()}


@pytest.fixture(scope="session")
def reference_input() -> Any:
    """Function: (height, width) -> the normalised float32 (1, 3, height, width) input of the reference run."""
    return lambda height, width: torch.randn(1, 3, height, width, generator=torch.Generator().manual_seed(7))
