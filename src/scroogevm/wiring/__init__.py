"""Builds objects from settings; the only importer of adapters."""
