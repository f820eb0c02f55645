"""Converts metrics of exporters to samples.

A dialect (``dialects/``, one exporter a file) says of a series which *term* of a node or VM it
counts towards, and by which factor. Terms (``terms``) are raw: counters since a boot, gauges. They
become samples by ``rates``. The probe speaks a dialect, collectors and Prometheus stores understand
all of them, so this room lies below all three.
"""
