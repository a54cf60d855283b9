"""A typed client of the clinic's HTTP API."""
