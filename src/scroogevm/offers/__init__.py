"""From an estimate to an offer: what guards leave of it, and why."""
