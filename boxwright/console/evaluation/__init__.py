"""An evaluation as pages show it: figures, classes, curves, confusions, errors, and the pictures they are seen in."""
