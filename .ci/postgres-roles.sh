#!/bin/sh
# Run once by the PostgreSQL image on an empty volume: an owner that migrates, and an app role that obeys row rules.
#
# The shop signs in as countersign_app, which is neither superuser nor owner: row-level security binds only such a role.
set -eu
for name in COUNTERSIGN_OWNER_PASSWORD COUNTERSIGN_APP_PASSWORD; do
    eval "value=\${$name:-}"
    [ -n "$value" ] || { echo "$name is empty: set it in .env" >&2; exit 1; }
done
psql -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d postgres \
    -v owner_password="$COUNTERSIGN_OWNER_PASSWORD" -v app_password="$COUNTERSIGN_APP_PASSWORD" <<'SQL'
CREATE ROLE countersign_owner LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD :'owner_password';
CREATE ROLE countersign_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD :'app_password';
CREATE DATABASE countersign OWNER countersign_owner;
REVOKE ALL ON DATABASE countersign FROM PUBLIC;
GRANT CONNECT ON DATABASE countersign TO countersign_app;
SQL
