"""Which errors of the drivers mean that the database cannot do anything like it at the moment.

The drivers give some of them the names of bugs; here all of them become OperationalErrors.
"""

import sqlite3

DAMAGED = "XX"  # the class of PostgreSQL's internal errors
READ_ONLY = "25006"  # a standby, or a database that was set so


def is_failure(error: BaseException | None) -> bool:
    """Whether an error of a driver is about the state of the database, not about what was asked.

    SQLite's for a damaged file, or one that is no database, is DatabaseError itself.
    """
    state = str(getattr(error, "sqlstate", None))
    return type(error) is sqlite3.DatabaseError or state == READ_ONLY or state[:2] == DAMAGED
