"""What stores that are servers have in common: HTTP to whoever may be behind it."""
