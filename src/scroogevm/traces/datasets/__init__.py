"""Public data sets of VMs, as their publishers lay them out: one file each, found by being here."""
