"""Searches the arguments of an algorithm: trials are jobs of their own, chosen and followed by one coordinator."""
