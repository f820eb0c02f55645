"""What InfluxDB is asked and told."""
