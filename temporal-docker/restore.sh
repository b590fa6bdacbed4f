#!/usr/bin/env bash
# Restores the three databases from a backup. It asks for confirmation, because their current content is lost.
# usage: temporal-docker/restore.sh FOLDER [--yes]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
compose() { docker compose --project-directory "$here" -f "$here/compose.yaml" "$@"; }

folder=${1:?usage: restore.sh FOLDER [--yes]}
databases=(nurture temporal temporal_visibility)
for database in "${databases[@]}"; do
  if [ ! -s "$folder/$database.dump" ]; then
    echo "$folder/$database.dump is missing: nothing was done" >&2
    exit 2
  fi
done
(cd "$folder" && sha256sum --check --quiet SHA256SUMS)

if [ "${2:-}" != --yes ]; then
  read -r -p "Replace all three databases with the backup $folder? Type yes: " answer
  if [ "$answer" != yes ]; then
    echo 'nothing was done'
    exit 1
  fi
fi

for service in serve-1 serve-2 worker-1 worker-2 temporal; do compose stop "$service"; done
compose up --detach --wait postgres
for database in "${databases[@]}"; do
  echo "restoring $database"
  owner=temporal
  if [ "$database" = nurture ]; then owner=nurture; fi
  compose exec -T postgres psql --username postgres --dbname postgres --set ON_ERROR_STOP=1 --quiet \
    --command "DROP DATABASE IF EXISTS $database WITH (FORCE)" \
    --command "CREATE DATABASE $database OWNER $owner" \
    --command "REVOKE CONNECT ON DATABASE $database FROM PUBLIC"
  compose exec -T postgres pg_restore --username postgres --dbname "$database" --exit-on-error \
    <"$folder/$database.dump"
done

# The schema job migrates an older backup before Temporal starts.
compose up --detach --wait temporal
compose run --rm temporal-namespace
compose up --detach --wait serve-1 serve-2 worker-1 worker-2
compose exec -T serve-1 node scripts/run.mjs src/cli/main.ts temporal accept
echo "restored: $folder"
