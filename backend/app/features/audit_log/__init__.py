"""Reading the audit log, as far as one may see it."""
