"""Settings of a server and of its runner."""

import os
from pathlib import Path

from boxwright.spec.knob import Frozen, knob


class StorePlace(Frozen):
    """Where the queue is; the same for a server and all its runners."""

    data_dir: Path = knob(Path("~/.boxwright"), "Folder for the database, tokens and jobs that name no folder.")
    database: str = knob("", "SQLAlchemy URL, such as postgresql://user@host/name; a file in data_dir where empty.")

    @property
    def folder(self) -> Path:
        """data_dir as an absolute path."""
        return self.data_dir.expanduser().absolute()

    @property
    def database_url(self) -> str:
        """The database, also where none is named."""
        return self.database or f"sqlite:///{self.folder / 'boxwright.db'}"


class ServerSettings(StorePlace):
    """Where a server listens, what it keeps where, and how much it may run."""

    host: str = knob("127.0.0.1", "Address to listen on.")
    port: int = knob(8600, "Port to listen on; 0 takes a free one.", ge=0, le=65535)
    roots: tuple[str, ...] = knob((), "Folders that jobs may write below; the current folder and data_dir where empty.")
    certificate: str = knob("", "TLS certificate chain, PEM; with key.")
    key: str = knob("", "TLS private key, PEM.")
    max_request_bytes: int = knob(10_000_000, "Larger requests are refused.", unit="bytes", ge=1000)
    max_upload_bytes: int = knob(
        50_000_000_000, "Larger files are refused, and zips that unpack to more.", unit="bytes", ge=1000
    )

    @property
    def job_roots(self) -> tuple[str, ...]:
        """Folders that jobs may write below, also where none are named."""
        return tuple(os.path.expanduser(root) for root in self.roots) or (str(Path.cwd()), str(self.folder))

    @property
    def default_root(self) -> str:
        """Folder of the jobs that name none; each project has one in it."""
        return str(self.folder / "jobs")


class RunnerSettings(Frozen):
    """What one runner may run, and how long it waits for what."""

    max_jobs: int = knob(1, "Jobs at once on the processor; GPUs take one job each.", ge=1)
    allow_substitute: bool = knob(False, "Run jobs that ask for machines that are not there on this one.")
    lease: float = knob(20.0, "A job whose runner has not been heard of for so long is taken over.", unit="s", gt=0)
    poll: float = knob(0.2, "Between looks at the queue and the workers.", unit="s", gt=0)
    grace: float = knob(60.0, "A job that is asked to stop is killed after so long.", unit="s", gt=0)
    max_faults: int = knob(5, "Machine faults in a row, without progress between them, after which a job fails.", ge=0)
    backoff: float = knob(
        2.0, "Wait after the first fault; each further one doubles it, up to 5 minutes.", unit="s", ge=0
    )
    min_free_disk: int = knob(2_000_000_000, "Jobs wait while the disk has less.", unit="bytes", ge=0)
    min_free_memory: int = knob(1_500_000_000, "Jobs wait while memory has less.", unit="bytes", ge=0)
