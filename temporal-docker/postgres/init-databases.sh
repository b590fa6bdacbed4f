#!/bin/bash
# Creates three databases with two owners. The image runs it once, when the volume is empty.
set -euo pipefail

secrets=${SECRETS:-/run/secrets}
psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
  --set temporal_password="$(cat "$secrets/temporal_db_password")" \
  --set nurture_password="$(cat "$secrets/nurture_db_password")" <<'SQL'
CREATE ROLE temporal LOGIN PASSWORD :'temporal_password';
CREATE ROLE nurture LOGIN PASSWORD :'nurture_password';
CREATE DATABASE temporal OWNER temporal;
CREATE DATABASE temporal_visibility OWNER temporal;
CREATE DATABASE nurture OWNER nurture;
REVOKE CONNECT ON DATABASE temporal, temporal_visibility, nurture FROM PUBLIC;
SQL
