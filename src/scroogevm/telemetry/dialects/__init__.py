"""What exporters call things: one dialect a file, found by being here."""
