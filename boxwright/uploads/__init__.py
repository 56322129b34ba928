"""Files that come through the browser or any tus client: kept while they arrive, then made into one folder of data."""
