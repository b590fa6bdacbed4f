#!/bin/sh
# Makes the namespace and its search attributes. Safe to repeat: what is there already is left alone.
set -eu

until temporal operator cluster health; do
  echo "waiting for Temporal at $TEMPORAL_ADDRESS"
  sleep 2
done

if temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1; then
  echo "namespace $TEMPORAL_NAMESPACE is there"
else
  temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "$NAMESPACE_RETENTION"
fi

# A new namespace takes some seconds until every part of the server knows it.
attempt=0
until present=$(temporal operator search-attribute list --namespace "$TEMPORAL_NAMESPACE"); do
  attempt=$((attempt + 1))
  [ "$attempt" -lt 30 ] || exit 1
  sleep 2
done

for name in WechatAppId NurtureCampaign NurtureState; do
  if printf '%s\n' "$present" | grep -qw "$name"; then
    echo "search attribute $name is there"
  else
    temporal operator search-attribute create --namespace "$TEMPORAL_NAMESPACE" --name "$name" --type Keyword
  fi
done
