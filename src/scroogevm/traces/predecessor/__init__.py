"""The JSON format of the 2023 research prototype, with its quirks.

```
config: node_name, node_scope [s], slice_scope [s], number_of_slice, historical_occurences
epoch:  [seconds since start at the end of each occurrence]
node:   raw_data: [one object per occurrence: cpu[], mem[], cpu_usage[], mem_usage[], ...]
vm:     NAME: raw_data: [one object per occurrence, likewise]
```

``cpu`` and ``mem`` are capacity or allocation, the last one of the window counts. Any list may be
absent, empty, shorter or hold nulls. A VM that has not come has ``{}``; one that has left repeats
its last object of the same slice unchanged. Its ``cpu_usage`` is a fraction of its allocation.
"""
