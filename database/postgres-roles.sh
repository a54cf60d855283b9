#!/bin/sh
# Makes the roles of postgres-roles.sql: at the first start of the container, and by hand in one that
# was made when the clinic's own role was still the superuser. That one becomes postgres.
set -eu

as() {
    role=$1
    shift
    psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "$role" --dbname clinic "$@"
}

if ! as postgres --command 'SELECT' >/dev/null 2>&1; then
    as clinic --command 'CREATE ROLE upgrade SUPERUSER LOGIN'
    as upgrade --command 'ALTER ROLE clinic RENAME TO postgres'
    as postgres --command 'DROP ROLE upgrade'
fi
{
    printf '%s\n' '\set password `printf %s "$POSTGRES_PASSWORD"`' "SET clinic.password = :'password';"
    cat /clinic/postgres-roles.sql
    # Only from within the container: the server trusts its own socket.
    echo 'ALTER ROLE postgres PASSWORD NULL;'
} | as postgres --single-transaction --file - --output /dev/null
