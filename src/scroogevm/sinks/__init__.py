"""Where offers go: each kind of sink a file."""
