"""Windows of time, for traces and stores: where samples stand, who is there, how nodes are."""
