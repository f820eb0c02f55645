"""The parts of the `learned` strategy: features, a sample of all nodes, and trees."""
