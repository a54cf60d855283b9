"""The longest texts that the API takes, in characters: `max_chars` of the pages' fields.

A longer paste ends in the field, before it exceeds a websocket message and the page is cut off.
`frontend/tests/test_limits.py` compares them with `backend/openapi.json`.
"""

from typing import Final

USERNAME: Final = 50
EMAIL: Final = 254
FULL_NAME: Final = 100
PHONE: Final = 60
SPECIALTY: Final = 100
REASON: Final = 500
SEARCH: Final = 100
LOGIN_NAME: Final = 254

# The API gives these no length of their own. A password has at most 72 bytes; a longer one has to
# arrive too long, so that it is refused and not shortened. An invitation is 43 characters.
PASSWORD: Final = 1000
INVITATION: Final = 1000
