"""Writes estimates: tables, scores, series, figures, a report, dumps."""
