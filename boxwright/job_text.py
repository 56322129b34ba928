"""A training job as people write it: as config.yaml, and as the command line that submits it."""

import shlex
from collections.abc import Mapping
from typing import Any

import yaml

from boxwright.client import DEFAULT_PROJECT
from boxwright.job_flags import FLAGS, Flag
from boxwright.spec.job import JobRequest

CONFIG = "config.yaml"
"""Name of the file in the command line."""


def config_yaml(request: JobRequest) -> str:
    """The whole job but its id, which stands in the command, as YAML."""
    written = request.written()
    values = {name: written[name] for name in ("trainingInput", "labels") if written.get(name)}
    return yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=110)


def command_words(request: JobRequest, project: str = DEFAULT_PROJECT) -> list[str]:
    """The words of `boxwright jobs submit training` for a job.

    What no option says, such as a study, is left to config.yaml, which is then named.
    """
    written = request.written()
    given = written.get("trainingInput", {})
    arguments = [str(word) for word in given.get("args", ())]
    said = {name: text for name, flag in FLAGS.items() if (text := _said(flag, written)) is not None}
    paths = ("jobId", "trainingInput.args", *(FLAGS[name].path for name in said))
    rest = [path for path in _leaves(written) if not any(_within(path, one) for one in paths)]
    options = [f"--{name.replace('_', '-')}{text}" for name, text in said.items()]
    config = [f"--config={CONFIG}"] if rest else []
    return [
        *("boxwright", "jobs", "submit", "training", request.job_id),
        *config,
        *options,
        *((f"--project={project}",) if project != DEFAULT_PROJECT else ()),
        *(("--", *arguments) if arguments else ()),
    ]


def command_line(request: JobRequest, project: str = DEFAULT_PROJECT) -> str:
    """`command_words` for a shell, a word a line."""
    words = [shlex.quote(word) for word in command_words(request, project)]
    return " \\\n  ".join([" ".join(words[:5]), *words[5:]])


def _said(flag: Flag, written: Mapping[str, Any]) -> str | None:
    """What stands behind an option's name: "=value", or nothing for a plain one; None where it is not needed."""
    value: Any = written
    for part in flag.path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    if flag.plain:
        return "" if value is True else None
    text = "" if value is None else flag.write(value)
    return f"={text}" if text else None


def _leaves(value: Any, path: str = "") -> list[str]:
    """Paths of all values that say something."""
    if isinstance(value, Mapping):
        return [leaf for name, one in value.items() for leaf in _leaves(one, f"{path}.{name}" if path else name)]
    return [path] if value not in (None, "", False, [], ()) else []


def _within(path: str, outer: str) -> bool:
    return path == outer or path.startswith(f"{outer}.")
