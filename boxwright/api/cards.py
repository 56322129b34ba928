"""Cards of trained models, which are read again only when their files have changed."""

import os
import threading
import time
from collections import OrderedDict
from typing import Annotated

from fastapi import Depends, Request

from boxwright import files, modeldir
from boxwright.modeldir import ModelCard

KEPT = 2000
"""Cards that are kept in memory; one takes some kilobytes."""

REMOTE_FOR = 60.0
"""Seconds for which a card in remote storage is believed."""

Stamp = tuple[float, ...]


class Cards:
    """Reads cards; all threads may use it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[str, tuple[Stamp, ModelCard]] = OrderedDict()

    def read(self, folder: str) -> ModelCard:
        """The card of a model's folder as it is now. Raises: OSError, ValueError: there is none."""
        stamp = _stamp(folder)
        with self._lock:
            known = self._known.get(folder)
            if known and known[0] == stamp:
                self._known.move_to_end(folder)
                return known[1]
        card = modeldir.read_card(folder)
        with self._lock:
            self._known[folder] = stamp, card
            while len(self._known) > KEPT:
                self._known.popitem(last=False)
        return card


def _stamp(folder: str) -> Stamp:
    if not files.is_local(folder):
        return (time.monotonic() // REMOTE_FOR,)
    try:
        status = os.stat(files.join(folder, modeldir.CARD).removeprefix("file://"))
    except OSError:
        return ()
    return (status.st_mtime_ns, status.st_size, status.st_ino)


async def cards_of(request: Request) -> Cards:
    """The cards that the app has read."""
    cards: Cards = request.app.state.cards
    return cards


KnownCards = Annotated[Cards, Depends(cards_of)]
