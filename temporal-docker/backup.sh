#!/usr/bin/env bash
# Backs up the three databases to one folder. It stops all services that write to them, so that the dumps are consistent.
# usage: temporal-docker/backup.sh [--stay-stopped] [FOLDER]     (default: temporal-docker/backups/TIME)
# --stay-stopped does not start the services again. Use it before a move or a restore, which loses later changes.
# WeChat repeats a callback only for some seconds, so choose a quiet hour. The backup does not contain ENCRYPTION_KEY.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
stay=no
if [ "${1:-}" = --stay-stopped ]; then
  stay=yes
  shift
fi
folder=${1:-$here/backups/$(date -u +%Y%m%dT%H%M%SZ)}
compose() { docker compose --project-directory "$here" -f "$here/compose.yaml" "$@"; }

# Stops new events first, then sends, then Temporal.
stopped=(serve-1 serve-2 worker-1 worker-2 temporal)
start_again() {
  compose start temporal
  compose start serve-1 serve-2 worker-1 worker-2
}

umask 077
mkdir -p "$folder"
if [ -n "$(ls -A "$folder")" ]; then
  echo "$folder is not empty: nothing was done" >&2
  exit 2
fi

trap start_again EXIT
for service in "${stopped[@]}"; do compose stop "$service"; done
for database in nurture temporal temporal_visibility; do
  echo "dumping $database"
  compose exec -T postgres pg_dump --username postgres --format custom "$database" >"$folder/$database.dump.part"
  mv "$folder/$database.dump.part" "$folder/$database.dump"
done
(cd "$folder" && sha256sum ./*.dump >SHA256SUMS)
if [ "$stay" = yes ]; then trap - EXIT; fi
echo "backup: $folder"
echo 'Keep secrets/encryption_key somewhere else: without it what is encrypted in the backup cannot be read.'
