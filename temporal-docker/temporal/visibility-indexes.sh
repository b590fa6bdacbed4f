#!/bin/sh
# Makes the indexes of Temporal's visibility table partial. It can be repeated, and Temporal may run meanwhile.
# To undo it: docker compose run --rm temporal-visibility-indexes /bin/sh /nurture/visibility-indexes.sh revert
set -eu

password=$(cat "${SECRETS:-/run/secrets}/temporal_db_password")
VISIBILITY_DATABASE_URL="postgres://$POSTGRES_USER:$password@$POSTGRES_SEEDS:$DB_PORT/$VISIBILITY_DBNAME"
export VISIBILITY_DATABASE_URL
exec node scripts/run.mjs src/cli/main.ts temporal visibility-indexes "${1:-apply}"
