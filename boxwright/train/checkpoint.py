"""Saving and loading everything that a run needs to go on exactly where it was."""

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from boxwright import files

BEST = "best.safetensors"
"""Weights of the most accurate model so far."""


@dataclass
class Progress:
    """How far a run is.

    Attributes:
        step: training steps done.
        best: the best value of the spec's `best_metric` so far, the lowest of a loss; -1 before the first evaluation.
        best_step: step of that evaluation.
        evaluations: how many there were.
        evaluated: step of the last one.
        stale: evaluations since it last improved by the wanted amount.
    """

    step: int = 0
    best: float = -1.0
    best_step: int = 0
    evaluations: int = 0
    evaluated: int = 0
    stale: int = 0


@dataclass(frozen=True)
class TrainState:
    """All that changes while training."""

    model: nn.Module
    average: nn.Module
    optimizer: torch.optim.Optimizer
    progress: Progress

    def _tensors(self) -> dict[str, Tensor]:
        tensors = {f"model.{name}": value for name, value in self.model.state_dict().items()}
        tensors |= {f"average.{name}": value for name, value in self.average.state_dict().items()}
        for index, entry in self.optimizer.state_dict()["state"].items():
            tensors |= {
                f"optimizer.{index}.{name}": torch.as_tensor(value)
                for name, value in entry.items()
                if value is not None
            }
        return _contiguous(tensors)

    def save(self, folder: Path, *, keep: int) -> Path:
        """Write checkpoint files, then remove all but the last `keep`.

        Raises:
            OSError: the disk is full or cannot be written; the checkpoints that were there are untouched.
        """
        path = folder / f"step_{self.progress.step:08d}.safetensors"
        self._write(path, save(self._tensors(), metadata={"progress": json.dumps(asdict(self.progress))}))
        for old in checkpoints(folder)[:-keep]:
            old.unlink()
        for unfinished in folder.glob(".writing-*"):  # of a process that was killed while it wrote
            shutil.rmtree(unfinished, ignore_errors=True)
        return path

    def _write(self, path: Path, data: bytes) -> None:
        try:
            files.write_bytes(str(path), data)
        except OSError as error:
            raise OSError(
                error.errno,
                f"cannot save the weights of step {self.progress.step} ({error.strerror}); free some space and "
                "repeat the command: it continues from the checkpoint before",
                str(path),
            ) from error

    def save_best(self, folder: Path) -> None:
        """Write the averaged weights as those of the best model. Raises: OSError, as `save` does."""
        self._write(folder / BEST, save(_contiguous(self.average.state_dict())))

    def load(self, path: Path) -> None:
        """Set everything to what the checkpoint holds.

        Raises:
            ValueError: the file is damaged.
        """
        try:
            with safe_open(str(path), framework="pt") as file:
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # it is no dict
                progress = json.loads(file.metadata()["progress"])
        except SafetensorError as error:
            raise ValueError(
                f"{path} is damaged ({error}); remove it and repeat the command, which continues from the one before"
            ) from error
        self.model.load_state_dict(_under(tensors, "model."))
        self.average.load_state_dict(_under(tensors, "average."))
        state: dict[int, dict[str, Any]] = {}
        for name, value in _under(tensors, "optimizer.").items():
            index, _, key = name.partition(".")
            state.setdefault(int(index), {})[key] = value
        self.optimizer.load_state_dict({**self.optimizer.state_dict(), "state": state})
        for name, value in progress.items():
            setattr(self.progress, name, value)


def checkpoints(folder: Path) -> list[Path]:
    """Checkpoint files, oldest first; unfinished ones have other names."""
    return sorted(folder.glob("step_*.safetensors"))


def last_step(folder: Path) -> int:
    """Step of the last checkpoint, 0 where there is none."""
    there = checkpoints(folder)
    return int(there[-1].stem.removeprefix("step_")) if there else 0


def _contiguous(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: value.contiguous() for name, value in tensors.items()}


def _under(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
