"""Data sets that a server keeps in view: importing, indexing and showing them. None of it needs torch."""
