"""Estimates of what jobs will cost: one at a time, each measured by a process of its own."""
