"""The estimator as a service: reads windows from a store, and publishes offers."""
