"""Data sets as values: the rules for boxes, the health report, splitting, and drawn-shapes data."""
