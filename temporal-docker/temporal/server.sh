#!/bin/sh
# The server's own entry point, with the database password from its file: the image knows it from the environment only.
set -eu

POSTGRES_PWD=$(cat /run/secrets/temporal_db_password)
export POSTGRES_PWD
exec /etc/temporal/entrypoint.sh
