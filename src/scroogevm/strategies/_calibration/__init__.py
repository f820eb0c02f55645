"""What ``calibrated`` is made of."""
