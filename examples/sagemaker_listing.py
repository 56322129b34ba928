"""Fine-tunes a catalogue model as SageMaker's own example does: only the imports are Boxwright's.

    python examples/sagemaker_listing.py --data=FOLDER --set epochs=5

FOLDER holds images/ and annotations.json, as `boxwright data convert SOURCE FOLDER --to=jumpstart` writes them; without
it a few shapes are drawn. Jobs and buckets go below $BOXWRIGHT_BUCKETS, or ~/.boxwright/buckets.
"""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

from boxwright import Model, formats
from boxwright.dataset.draw import draw_shapes
from boxwright.sagemaker import Session, get_execution_role, hyperparameters, image_uris, model_uris, script_uris
from boxwright.sagemaker.estimator import Estimator

sess, aws_role = Session(), get_execution_role()
aws_region = sess.boto_region_name

MODEL_ID = "tensorflow-od1-ssd-resnet50-v1-fpn-640x640-coco17-tpu-8"


def train(training_dataset_s3_path: str, model_id: str, changes: dict[str, str]) -> Estimator:
    """The calls of SageMaker's example, one after the other."""
    model_version = "*"
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
    s3_output_location = f"s3://{output_bucket}/jumpstart-example-tensorflow-od-training/output"

    values = hyperparameters.retrieve_default(model_id=model_id, model_version=model_version)
    values.update(changes)
    tf_od_estimator = Estimator(
        role=aws_role,
        image_uri=train_image_uri,
        source_dir=train_source_uri,
        model_uri=train_model_uri,
        entry_point="transfer_learning.py",
        instance_count=1,
        instance_type=training_instance_type,
        max_run=360000,
        hyperparameters=values,
        output_path=s3_output_location,
    )
    tf_od_estimator.fit({"training": training_dataset_s3_path}, logs=True)
    return tf_od_estimator


def upload(folder: str) -> str:
    """Bring the pictures to the bucket of SageMaker's example, which is a folder here; gives their address."""
    bucket = f"jumpstart-cache-prod-{aws_region}"
    sess.create_bucket(bucket)
    return sess.upload_data(folder, bucket, "training-datasets/PennFudanPed_COCO_format") + "/"


def main() -> None:
    """Train, then find objects in a picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="", help="folder with images/ and annotations.json; drawn where left out")
    parser.add_argument("--model-id", default=MODEL_ID)
    parser.add_argument("--set", action="append", default=["epochs=5"], metavar="NAME=VALUE", help="a hyper-parameter")
    given = parser.parse_args()
    with TemporaryDirectory() as drawn:
        if not given.data:
            formats.write(draw_shapes(12, (120, 160), 0, ("circle", "square")), drawn, to="jumpstart", split="all")
        data = given.data or drawn
        changes = dict(text.split("=", 1) for text in given.set)
        estimator = train(upload(data), given.model_id, changes)
        print("model:", estimator.model_data)
        print("metrics:", estimator.final_metrics)
        picture = min(Path(data, "images").iterdir())
        for one in Model(estimator.model_data).predict(picture)[:5]:
            print(f"{picture.name}: {one.name} {one.score:.3f} {[round(side) for side in one.box]}")


if __name__ == "__main__":
    main()
