"""The queries and the line protocol of InfluxDB."""
