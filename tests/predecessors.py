"""Small traces in the predecessor's JSON, to be spoilt by tests."""

from typing import Any

SAMPLES = 6


def sampled(size: float, memory: float, share: float) -> dict[str, Any]:
    """One occurrence of a node or VM."""
    return {
        "time": [5 * k for k in range(SAMPLES)],
        "cpu": [size] * SAMPLES,
        "mem": [memory] * SAMPLES,
        "cpu_usage": [round(share * (1 + k / 10), 6) for k in range(SAMPLES)],
        "mem_usage": [round(memory * share / 10 + k, 6) for k in range(SAMPLES)],
    }


def trace(occurrences: int = 4) -> dict[str, Any]:
    """A node of 8 cores with two VMs, of which the second comes late."""
    return {
        "config": {
            "node_name": "node-a",
            "node_scope": 30,
            "slice_scope": 30,
            "number_of_slice": 1,
            "historical_occurences": 1,
        },
        "epoch": [30 * (k + 1) for k in range(occurrences)],
        "node": {"raw_data": [sampled(8, 4096, 0.5 + k / 10) for k in range(occurrences)]},
        "vm": {
            "vm-a": {"raw_data": [sampled(2, 512, 0.2 + k / 10) for k in range(occurrences)]},
            "vm-b": {
                "raw_data": [{}] + [sampled(4, 1024, 0.1 + k / 10) for k in range(1, occurrences)]
            },
        },
    }
