"""The web console: pages in the browser that do what the API can do, and nothing else."""
