#!/bin/sh
# Creates or updates Temporal's schema in both databases. It can be repeated, and keeps an existing schema.
set -eu

SQL_PASSWORD=$(cat "${SECRETS:-/run/secrets}/temporal_db_password")
export SQL_PASSWORD

# usage: tool DATABASE COMMAND [OPTION…]
tool() {
  database=$1
  shift
  temporal-sql-tool --plugin "$DB" --endpoint "$POSTGRES_SEEDS" --port "$DB_PORT" --user "$POSTGRES_USER" \
    --database "$database" "$@"
}

until tool "$DBNAME" setup-schema --version 0.0; do
  echo "waiting for PostgreSQL at $POSTGRES_SEEDS:$DB_PORT"
  sleep 2
done
# The tool contains the schemas of its own version.
tool "$DBNAME" update-schema --schema-name postgresql/v12/temporal
tool "$VISIBILITY_DBNAME" setup-schema --version 0.0
tool "$VISIBILITY_DBNAME" update-schema --schema-name postgresql/v12/visibility
echo 'schemas are up to date'
