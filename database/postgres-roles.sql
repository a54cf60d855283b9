-- Two roles of PostgreSQL that are no superusers: clinic_owner owns the tables and migrates them,
-- clinic works with their rows. Run it as a superuser, in the clinic's database, as often as you
-- like: what exists already, and who owned it, is brought to the same state.
-- The password of both is the setting clinic.password of the session.

DO $$
DECLARE
    role text;
    found text;
BEGIN
    FOREACH role IN ARRAY ARRAY['clinic_owner', 'clinic'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
            EXECUTE format('CREATE ROLE %I', role);
        END IF;
        EXECUTE format(
            'ALTER ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS '
            'PASSWORD %L',
            role, current_setting('clinic.password')
        );
    END LOOP;
    EXECUTE format('ALTER DATABASE %I OWNER TO clinic_owner', current_database());
    FOR found IN
        SELECT oid::regclass FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm')
    LOOP
        EXECUTE format('ALTER TABLE %s OWNER TO clinic_owner', found);
    END LOOP;
    FOR found IN
        SELECT oid::regprocedure FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace AND NOT EXISTS (
            SELECT FROM pg_depend
            WHERE classid = 'pg_proc'::regclass AND objid = pg_proc.oid AND deptype = 'e'
        ) -- those of an extension stay its own
    LOOP
        EXECUTE format('ALTER ROUTINE %s OWNER TO clinic_owner', found);
    END LOOP;
END
$$;

REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT CREATE, USAGE ON SCHEMA public TO clinic_owner;
GRANT USAGE ON SCHEMA public TO clinic;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO clinic;
GRANT SELECT, USAGE, UPDATE ON ALL SEQUENCES IN SCHEMA public TO clinic;
ALTER DEFAULT PRIVILEGES FOR ROLE clinic_owner IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO clinic;
ALTER DEFAULT PRIVILEGES FOR ROLE clinic_owner IN SCHEMA public
    GRANT SELECT, USAGE, UPDATE ON SEQUENCES TO clinic;
