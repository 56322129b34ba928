#!/usr/bin/env bash
# Draws a data set, examines it, converts it, and splits it anew.
set -euo pipefail

boxwright data draw shapes --train=12 --validation=4 --size=96,128 --to=coco
boxwright data inspect shapes
boxwright data inspect shapes --split=train --format=html --output=report.html
boxwright data convert shapes shapes_yolo --to=yolo
boxwright data split shapes shapes_records --shares=train=0.5,validation=0.25,test=0.25 --to=tfrecord
boxwright data inspect 'shapes_records/test-*' --format=json --output=report.json
