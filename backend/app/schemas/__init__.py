"""The wire shapes of the API."""
