"""The runner as a process of its own: opens the store, and supervises until it is told to stop."""

import logging
import os
import sys
import time
from collections.abc import Callable

from boxwright.jobs.supervisor import Supervisor
from boxwright.runners.host import this_machine, visible_gpus
from boxwright.runners.local import LocalRunner
from boxwright.spec.server import RunnerSettings, StorePlace
from boxwright.store import JobStore, StoreUnavailable, open_database
from boxwright.termination import parent_has_gone, termination

LOG = logging.getLogger("boxwright.jobs")

OPEN_AGAIN = 2.0
"""Seconds between attempts to reach a database that is away at the start."""

NICENESS = 10
"""By how much the runner and its workers give way to the server, which people wait for."""


def run_supervisor(place: StorePlace, settings: RunnerSettings) -> None:
    """Supervise jobs until SIGTERM or SIGINT, or until the process at the other end of standard input has gone.

    A database that is away at the start is waited for.

    Raises:
        ValueError: no such kind of database.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    os.nice(NICENESS)
    with termination() as asked:

        def ends() -> bool:
            return asked() or parent_has_gone()

        store = _open(place.database_url, ends)
        if store is None:
            return
        machine, gpus = this_machine(), tuple(visible_gpus())
        supervisor = Supervisor(store, LocalRunner(), settings, machine=machine, gpus=gpus)
        LOG.info("runner %s takes jobs: %s", supervisor.owner, machine)
        supervisor.run(ends)
        LOG.info("runner %s has ended; its workers go on", supervisor.owner)


def _open(url: str, ends: Callable[[], bool]) -> JobStore | None:
    told = False
    while not ends():
        try:
            return JobStore(open_database(url))
        except StoreUnavailable as error:
            if not told:
                LOG.warning("%s; waiting for it", error)
            told = True
            time.sleep(OPEN_AGAIN)
    return None
