"""What becomes of queued jobs: a supervisor claims them, has them worked on, and settles how they ended."""

from boxwright.jobs.supervisor import Supervisor

__all__ = ["Supervisor"]
