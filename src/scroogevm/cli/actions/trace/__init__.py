"""What the commands of ``scroogevm trace`` do, one module each."""
