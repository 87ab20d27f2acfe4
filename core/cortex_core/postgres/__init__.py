"""The store on a PostgreSQL server. Needs the extra `postgres` (psycopg and greenlet)."""
