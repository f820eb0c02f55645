"""Windows of time for traces and stores: grid, presence of VMs, and signals of nodes."""
