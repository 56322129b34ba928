"""What is asked of the jobs of all projects together."""

from collections.abc import Sequence

from sqlalchemy import Engine, func, select, union

from boxwright.store.database import fetch
from boxwright.store.records import JobRecord
from boxwright.store.rows import record_of
from boxwright.store.schema import ACTIVE, datasets, jobs, models


class JobSurvey:
    """Looks at all jobs, and changes none."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def projects(self) -> Sequence[str]:
        """Names of the projects that have jobs, models or data sets, sorted."""
        names = union(*(select(table.c.project) for table in (jobs, models, datasets))).subquery()
        return sorted(row["project"] for row in fetch(self._engine, select(names)))

    def active(self) -> list[JobRecord]:
        """Jobs of all projects that are being worked on, oldest first."""
        found = [record_of(row) for row in fetch(self._engine, select(jobs).where(ACTIVE))]
        return sorted(found, key=lambda record: record.uid)

    def folders(self) -> Sequence[tuple[str, str]]:
        """Project and folder of every job."""
        return [(row["project"], row["job_dir"]) for row in fetch(self._engine, select(jobs.c.project, jobs.c.job_dir))]

    def counts(self) -> dict[tuple[str, str], int]:
        """How many jobs there are of each project and state."""
        number = func.count().label("number")
        query = select(jobs.c.project, jobs.c.state, number).group_by(jobs.c.project, jobs.c.state)
        return {(row["project"], row["state"]): row["number"] for row in fetch(self._engine, query)}
