"""The estimator as a service: windows out of a store, offers to whoever places VMs."""
