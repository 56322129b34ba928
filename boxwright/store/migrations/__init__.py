"""Versions of the tables. Revisions are listed in `versions/`, run in order by `boxwright.store.database`."""
