"""Looking around in the folders that may be looked at: what they hold, and what a wildcard matches."""
