"""The common parts of stores that are servers: HTTP."""
