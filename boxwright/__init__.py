"""Boxwright trains, evaluates and exports image detectors from labelled pictures, on your own machine."""

__version__ = "0.1.0"
