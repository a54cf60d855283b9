"""What people would use instead, on equal data and beside us in the same run."""
