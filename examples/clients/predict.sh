#!/usr/bin/env bash
# Finds objects in pictures with curl, in Boxwright's own form: predict.sh URL PICTURE [THRESHOLD]
set -euo pipefail
url=$1 picture=$2 threshold=${3:-0.5}
ask() { curl --silent --show-error --fail-with-body "$@" && echo; }

# One picture as the body; several as files; in JSON, as base64 or as addresses.
ask --data-binary @"$picture" -H 'Content-Type: image/jpeg' "$url/predict?threshold=$threshold"
ask -F one=@"$picture" -F two=@"$picture" "$url/predict?limit=1"
printf '{"images": [{"b64": "%s"}]}' "$(base64 < "$picture" | tr -d '\n')" |
    ask -H 'Content-Type: application/json' --data-binary @- "$url/predict?threshold=$threshold"
