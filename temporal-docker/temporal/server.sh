#!/bin/sh
# The server's own entry point, with the database password from its file: the image knows it from the environment only.
set -eu

POSTGRES_PWD=$(cat "${SECRETS:-/run/secrets}/temporal_db_password")
export POSTGRES_PWD
exec "${ENTRYPOINT:-/etc/temporal/entrypoint.sh}"
