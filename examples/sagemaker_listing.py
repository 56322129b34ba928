"""Fine-tunes a catalogue model as SageMaker's own example does: its statements in its order, only the imports changed.

    python examples/sagemaker_listing.py --data=FOLDER --set batch_size=8

FOLDER holds images/ and annotations.json, as `boxwright data convert SOURCE FOLDER --to=jumpstart` writes them; without
it a few shapes are drawn. Jobs and buckets go below $BOXWRIGHT_BUCKETS, or ~/.boxwright/buckets.
"""

import argparse
import json
from pathlib import Path
from tempfile import TemporaryDirectory

from boxwright import formats
from boxwright.dataset.draw import draw_shapes
from boxwright.sagemaker import Session, get_execution_role, hyperparameters, image_uris, model_uris, script_uris
from boxwright.sagemaker.estimator import Estimator

RESNET50 = "tensorflow-od1-ssd-resnet50-v1-fpn-640x640-coco17-tpu-8"

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--data", default="", help="folder with images/ and annotations.json; drawn where left out")
parser.add_argument("--model-id", default=RESNET50)
parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a further hyper-parameter")
given = parser.parse_args()

# What the example takes for granted: who asks, where, and pictures in a bucket, which is a folder here.
sess, aws_role = Session(), get_execution_role()
aws_region = sess.boto_region_name
bucket = Path(sess.create_bucket(f"jumpstart-cache-prod-{aws_region}"))
with TemporaryDirectory() as drawn:
    if not given.data:
        formats.write(draw_shapes(12, (120, 160), 0, ("circle", "square")), drawn, to="jumpstart", split="all")
    folder = given.data or drawn
    sess.upload_data(folder, f"jumpstart-cache-prod-{aws_region}", "training-datasets/PennFudanPed_COCO_format")

# The example.
model_id, model_version = given.model_id, "*"
training_instance_type = "ml.p3.2xlarge"
train_image_uri = image_uris.retrieve(
    model_id=model_id,
    model_version=model_version,
    image_scope="training",
    instance_type=training_instance_type,
    region=None,
    framework=None,
)
train_source_uri = script_uris.retrieve(model_id=model_id, model_version=model_version, script_scope="training")
train_model_uri = model_uris.retrieve(model_id=model_id, model_version=model_version, model_scope="training")

output_bucket = sess.default_bucket()
output_prefix = "jumpstart-example-tensorflow-od-training"
s3_output_location = f"s3://{output_bucket}/{output_prefix}/output"

# The module `hyperparameters` is named here, before the dictionary of that name is there. The estimator takes what is
# retrieved from it, with what is changed below. Naming the dictionary, made before, does the same and reads better.
tf_od_estimator = Estimator(
    role=aws_role,
    image_uri=train_image_uri,
    source_dir=train_source_uri,
    model_uri=train_model_uri,
    entry_point="transfer_learning.py",
    instance_count=1,
    instance_type=training_instance_type,
    max_run=360000,
    hyperparameters=hyperparameters,
    output_path=s3_output_location,
)

hyperparameters = hyperparameters.retrieve_default(model_id=model_id, model_version=model_version)
hyperparameters["epochs"] = "5"
hyperparameters.update(text.split("=", 1) for text in given.set)

training_data_bucket = f"jumpstart-cache-prod-{aws_region}"
training_data_prefix = "training-datasets/PennFudanPed_COCO_format/"
training_dataset_s3_path = f"s3://{training_data_bucket}/{training_data_prefix}"

tf_od_estimator.fit({"training": training_dataset_s3_path}, logs=True)

print("model:", tf_od_estimator.model_data)
print("metrics:", tf_od_estimator.final_metrics)

# The example's notebook goes on: the model is deployed, asked, and taken down.
inference_instance_type = "ml.p2.xlarge"
deploy_image_uri = image_uris.retrieve(
    region=None,
    framework=None,
    image_scope="inference",
    model_id=model_id,
    model_version=model_version,
    instance_type=inference_instance_type,
)
deploy_source_uri = script_uris.retrieve(model_id=model_id, model_version=model_version, script_scope="inference")
finetuned_predictor = tf_od_estimator.deploy(
    initial_instance_count=1,
    instance_type=inference_instance_type,
    entry_point="inference.py",
    image_uri=deploy_image_uri,
    source_dir=deploy_source_uri,
    endpoint_name="jumpstart-example-tensorflow-od",
)
picture = min((bucket / training_data_prefix / "images").iterdir())
query_response = finetuned_predictor.predict(
    picture.read_bytes(), {"ContentType": "application/x-image", "Accept": "application/json;verbose"}
)
model_predictions = json.loads(query_response)
labels = model_predictions["labels"]
rows = zip(
    model_predictions["classes"], model_predictions["scores"], model_predictions["normalized_boxes"], strict=True
)
for index, score, box in list(rows)[:5]:
    print(f"{picture.name}: {labels[int(index)]} {score:.3f} {[round(side, 3) for side in box]}")
finetuned_predictor.delete_model()
finetuned_predictor.delete_endpoint()
