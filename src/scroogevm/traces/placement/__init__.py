"""Places VMs of a data set on nodes."""
