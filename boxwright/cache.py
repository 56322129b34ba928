"""Where downloads and other things that can be made again are kept."""

import os
from pathlib import Path


def cache_folder(*names: str) -> Path:
    """A folder of the cache: `$BOXWRIGHT_CACHE`, by default `~/.cache/boxwright`, and below it `names`."""
    return Path(os.environ.get("BOXWRIGHT_CACHE") or "~/.cache/boxwright").expanduser().joinpath(*names)
