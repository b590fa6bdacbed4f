#!/usr/bin/env bash
# Writes compose.digests.yaml, which pins every public image of compose.yaml to the current digest of its tag.
# Needs Docker with buildx, jq and access to the registries. Use: -f compose.yaml -f compose.digests.yaml
set -euo pipefail
cd "$(dirname "$0")"

config=$(docker compose -f compose.yaml config --format json)
{
  echo '# Written by digests.sh. Run it again after a change of versions.'
  echo 'services:'
  jq -r '.services | to_entries[] | "\(.key) \(.value.image)"' <<<"$config" |
    while read -r service image; do
      case $image in
        follower-nurture:*) continue ;;
      esac
      digest=$(docker buildx imagetools inspect "$image" --format '{{json .Manifest}}' </dev/null | jq -r .digest)
      case $digest in
        sha256:*) printf '  %s: { image: "%s@%s" }\n' "$service" "$image" "$digest" ;;
        *)
          echo "no digest for $image" >&2
          exit 1
          ;;
      esac
    done
} >compose.digests.yaml.part
mv compose.digests.yaml.part compose.digests.yaml
echo 'compose.digests.yaml is written'
