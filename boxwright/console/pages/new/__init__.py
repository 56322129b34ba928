"""The wizard for a new training job: algorithm, data, arguments, machine, and a summary with what it will cost."""

from boxwright.console.pages.new.page import new

__all__ = ["new"]
