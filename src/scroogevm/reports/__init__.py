"""Where estimates go: tables, scores, series, figures, a report, dumps."""
