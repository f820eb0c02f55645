"""What commands do; each module is imported when its command runs, never for help."""
