"""Parses the Accept header of a client."""

from contextlib import suppress


def wants_openmetrics(accept: str) -> bool:
    """Whether a client takes OpenMetrics no less gladly than plain text.

    >>> wants_openmetrics("application/openmetrics-text;version=1.0.0;q=0.8,text/plain;q=0.5")
    True
    >>> wants_openmetrics("*/*")
    False
    """
    liked = _weights(accept, "application/openmetrics-text", "text/plain")
    wanted, plain = liked.values()
    return wanted > 0 and wanted >= plain


def takes_gzip(accept: str) -> bool:
    """Whether a client takes a packed answer.

    >>> takes_gzip("br, gzip;q=0.5"), takes_gzip("gzip;q=0")
    (True, False)
    """
    return _weights(accept, "gzip")["gzip"] > 0


def _weights(accept: str, *kinds: str) -> dict[str, float]:
    """How gladly a client takes each of some kinds: 0 for one that it does not name."""
    liked = dict.fromkeys(kinds, 0.0)
    for item in accept.lower().split(","):
        kind, *parameters = (part.strip() for part in item.split(";"))
        weight = next((p[2:] for p in parameters if p.startswith("q=")), "1")
        if kind in liked:
            with suppress(ValueError):
                liked[kind] = max(liked[kind], float(weight))
    return liked
