"""The parts of the ``calibrated`` strategy."""
