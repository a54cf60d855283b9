"""The typed way to the clinic's HTTP API."""
