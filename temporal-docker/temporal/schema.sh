#!/bin/sh
# Creates or updates Temporal's schema in both databases. Safe to repeat: what is there already is left alone.
set -eu

SQL_PASSWORD=$(cat /run/secrets/temporal_db_password)
export SQL_PASSWORD

until nc -z -w 5 "$POSTGRES_SEEDS" "$DB_PORT"; do
  echo "waiting for PostgreSQL at $POSTGRES_SEEDS:$DB_PORT"
  sleep 2
done

# usage: tool DATABASE COMMAND [OPTION…]
tool() {
  database=$1
  shift
  temporal-sql-tool --plugin "$DB" --endpoint "$POSTGRES_SEEDS" --port "$DB_PORT" --user "$POSTGRES_USER" \
    --database "$database" "$@"
}

tool "$DBNAME" setup-schema --version 0.0
tool "$DBNAME" update-schema --schema-dir /etc/temporal/schema/postgresql/v12/temporal/versioned
tool "$VISIBILITY_DBNAME" setup-schema --version 0.0
tool "$VISIBILITY_DBNAME" update-schema --schema-dir /etc/temporal/schema/postgresql/v12/visibility/versioned
echo 'schemas are up to date'
