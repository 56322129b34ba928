"""Evaluations in a folder of the server: PROJECT/ID/record.json, and beside it in `result/` what was found."""

import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

from pydantic import ValidationError

from boxwright import files
from boxwright.bench.record import OVER, Evaluation, Question

RECORD = "record.json"
RESULT = "result"


class EvaluationMissing(LookupError):
    """There is no such evaluation."""


class Shelf:
    """All evaluations of a server; all threads may use it, and one process.

    Args:
        root: folder.
    """

    def __init__(self, root: Path) -> None:
        self._root, self._lock = root, threading.Lock()
        self._known = {(one.project, one.id): one for one in _read_all(root)}

    def ask(self, project: str, question: Question) -> Evaluation:
        """The evaluation that answers a question. It is queued unless it is there and has not failed."""
        with self._lock:
            known = self._known.get((project, question.id))
            if known and known.state not in ("FAILED", "CANCELLED"):
                return known
            return self._write(Evaluation(project=project, question=question, create_time=time.time()))

    def get(self, project: str, id: str) -> Evaluation:
        """Raises: EvaluationMissing."""
        try:
            return self._known[project, id]
        except KeyError as error:
            raise EvaluationMissing(f"project {project!r} has no evaluation {id!r}") from error

    def list(self, project: str = "") -> list[Evaluation]:
        """Those of a project, or of all where it is empty; the newest first."""
        with self._lock:
            found = [one for one in self._known.values() if project in ("", one.project)]
        return sorted(found, key=lambda one: (-one.create_time, one.id))

    def result(self, one: Evaluation) -> Path:
        """Folder of what was found."""
        return self._folder(one) / RESULT

    def change(self, one: Evaluation, decide: Callable[[Evaluation], Evaluation]) -> Evaluation:
        """Change an evaluation as it is now. Raises: EvaluationMissing: it was removed."""
        with self._lock:
            now = self._known.get((one.project, one.id))
            if now is None:
                raise EvaluationMissing(f"evaluation {one.id} was removed")
            changed = decide(now)
            return now if changed == now else self._write(changed)

    def remove(self, one: Evaluation) -> None:
        """Forget an evaluation and what was found."""
        with self._lock:
            self._known.pop((one.project, one.id), None)
            shutil.rmtree(self._folder(one), ignore_errors=True)

    def begin_again(self) -> None:
        """Queue those that were under way when the server ended."""
        for one in self.list():
            if one.state not in OVER:
                self.change(one, lambda now: now.model_copy(update={"state": "QUEUED", "start_time": None}))

    def _folder(self, one: Evaluation) -> Path:
        return self._root / one.project / one.id

    def _write(self, one: Evaluation) -> Evaluation:
        files.write_text(str(self._folder(one) / RECORD), one.model_dump_json(indent=2))
        self._known[one.project, one.id] = one
        return one


def _read_all(root: Path) -> list[Evaluation]:
    """Those that can be read; one that was cut short or is of another version is left where it is."""
    found = []
    for path in sorted(root.glob(f"*/*/{RECORD}")):
        try:
            found.append(Evaluation.model_validate_json(path.read_bytes()))
        except (OSError, ValidationError):
            continue
    return found
