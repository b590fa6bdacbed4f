#!/usr/bin/env bash
# Creates the secrets that compose.yaml mounts. It never changes an existing file.
# usage: temporal-docker/make-secrets.sh [FOLDER]     (default: this folder; the secrets are written to FOLDER/secrets)
set -euo pipefail
cd "${1:-$(dirname "$0")}"

# Only the owner can open the folder. The files are readable by all, because each program runs as a different user.
mkdir -p secrets
chmod 700 secrets

# usage: make NAME VALUE
make() {
  if [ -e "secrets/$1" ]; then
    echo "secrets/$1 is kept"
  else
    printf '%s\n' "$2" >"secrets/$1"
    chmod 444 "secrets/$1"
    echo "secrets/$1 is new"
  fi
}

make postgres_password "$(openssl rand -hex 32)"
make temporal_db_password "$(openssl rand -hex 32)"
make nurture_db_password "$(openssl rand -hex 32)"
make database_url "postgres://nurture:$(cat secrets/nurture_db_password)@postgres:5432/nurture"
make admin_token "$(openssl rand -base64 32)"
make encryption_key "$(openssl rand -base64 32)"
make encryption_key_previous ''
make grafana_password "$(openssl rand -hex 16)"
echo 'Keep a copy of secrets/encryption_key apart from the backups of the databases.'
