"""Scrapes exporters; fetching and parsing are separate."""
