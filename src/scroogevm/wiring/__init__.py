"""Settings -> objects; the only importer of adapters."""
