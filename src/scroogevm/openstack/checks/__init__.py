"""What may stand in the way of writing a ratio: one check a file."""
