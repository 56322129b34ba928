#!/usr/bin/env bash
# Finds objects in a picture as clients of TensorFlow Serving do: tensorflow_serving.sh URL MODEL PICTURE
set -euo pipefail
url=$1 model=$2 picture=$3

curl --silent --show-error --fail-with-body "$url/v1/models/$model"
echo
printf '{"instances": [{"encoded_image": {"b64": "%s"}, "key": "%s"}]}' \
    "$(base64 < "$picture" | tr -d '\n')" "$(basename "$picture")" |
    curl --silent --show-error --fail-with-body --data-binary @- "$url/v1/models/$model:predict"
echo
