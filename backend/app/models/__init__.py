"""Tables and their constraints, one module per area; `models` has all of them."""
