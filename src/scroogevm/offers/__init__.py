"""Turns estimates into offers: applies guards, and gives reasons."""
