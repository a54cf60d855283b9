"""Request and response models, one module per area; `schemas` has all of them."""
