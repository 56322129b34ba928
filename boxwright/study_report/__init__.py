"""The report of a study: which trial was best, what each parameter did, as one self-contained HTML page."""
