#!/bin/sh
# Runs the image's entry point, which reads the database password only from the environment, with the secret's value.
set -eu

POSTGRES_PWD=$(cat "${SECRETS:-/run/secrets}/temporal_db_password")
export POSTGRES_PWD
exec "${ENTRYPOINT:-/etc/temporal/entrypoint.sh}"
