#!/usr/bin/env bash
# Trains SageMaker's SSD from RecordIO files, with its hyper-parameters: a rate that drops after given epochs.
# On drawn pictures, from random weights and for few epochs: it shows the recipe and its metric lines, not the accuracy.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH"
rm -rf recordio_ssd

boxwright data draw recordio_ssd/drawn --train=16 --validation=8 --size=300,300 --to=voc
boxwright data convert recordio_ssd/drawn recordio_ssd/records --to=recordio

boxwright train sagemaker_object_detection \
    --job-dir=recordio_ssd/run \
    --training_data_path=recordio_ssd/records/train.rec \
    --validation_data_path=recordio_ssd/records/validation.rec \
    --num_classes=6 \
    --num_training_samples=16 \
    --base_network=resnet-50 \
    --use_pretrained_model=0 \
    --image_shape=300 \
    --mini_batch_size=8 \
    --epochs=3 \
    --lr_scheduler_step="1, 2" \
    --lr_scheduler_factor=0.1

echo "metric lines:"
grep quality_metric recordio_ssd/run/log.txt
