"""The tables of features: their modules are imported here, for migrations and copies."""
