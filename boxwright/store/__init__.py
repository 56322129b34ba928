"""What a server keeps: jobs and tokens, in SQLite or PostgreSQL."""

from boxwright.store.conditions import Condition
from boxwright.store.database import open_database
from boxwright.store.filters import parse_filter
from boxwright.store.jobs import JobStore
from boxwright.store.records import (
    ACTIVE_STATES,
    Changes,
    EtagMismatch,
    JobExists,
    JobMissing,
    JobRecord,
    LeaseLost,
    NewJob,
    StoreUnavailable,
)
from boxwright.store.tokens import ROLES, Role, TokenExists, TokenMissing, TokenRecord, TokenStore

__all__ = [
    "ACTIVE_STATES",
    "ROLES",
    "Changes",
    "Condition",
    "EtagMismatch",
    "JobExists",
    "JobMissing",
    "JobRecord",
    "JobStore",
    "LeaseLost",
    "NewJob",
    "Role",
    "StoreUnavailable",
    "TokenExists",
    "TokenMissing",
    "TokenRecord",
    "TokenStore",
    "open_database",
    "parse_filter",
]
