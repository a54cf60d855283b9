"""Which errors of the drivers mean that the database cannot do anything like it at the moment.

The drivers give some of them the names of bugs; here all of them become OperationalErrors.
"""

import sqlite3

DAMAGED = "XX"  # the class of PostgreSQL's internal errors
CANNOT_WORK = {
    "25006",  # it takes no changes: a standby, or set to read only
    "3F000",  # it has no such schema
    "42501",  # this role may not
    "42703",  # it has no such column: it is not at the schema of this version
    "42P01",  # … or no such table
}


def is_failure(error: BaseException | None) -> bool:
    """Whether an error of a driver is about the database and not about what was asked.

    SQLite's for a damaged file, or one that is no database, is DatabaseError itself.
    """
    state = str(getattr(error, "sqlstate", None))
    return type(error) is sqlite3.DatabaseError or state in CANNOT_WORK or state[:2] == DAMAGED
