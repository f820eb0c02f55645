"""Where samples stay: one store a file, found by being here."""
