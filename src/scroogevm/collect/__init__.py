"""Scraping exporters: fetching and parsing apart."""
