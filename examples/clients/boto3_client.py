"""Finds objects in a picture with AWS's client of SageMaker's runtime.

python boto3_client.py URL ENDPOINT PICTURE [THRESHOLD]
"""

import json
import os
import sys
from pathlib import Path

import boto3

ACCEPT = "application/json;verbose;n_predictions=100"


def main(url: str, endpoint: str, picture: str, threshold: str = "0.5") -> None:
    """Print a line for each detection that is as sure as the threshold."""
    # The request is signed, as boto3 insists; where the model wants a token, it is the access key's id.
    token = os.environ.get("BOXWRIGHT_TOKEN", "anybody")
    given = {"aws_access_key_id": token, "aws_secret_access_key": "unused", "region_name": "local"}
    client = boto3.client("sagemaker-runtime", endpoint_url=url, **given)
    answer = client.invoke_endpoint(
        EndpointName=endpoint,
        ContentType="application/x-image",
        Accept=ACCEPT,
        Body=Path(picture).read_bytes(),
    )
    found = json.loads(answer["Body"].read())
    sure = [score for score in found["scores"] if score >= float(threshold)]
    print(f"{endpoint} {answer['InvokedProductionVariant']}: {len(sure)} detections")
    for label, score, (xmin, ymin, xmax, ymax) in zip(found["classes"], sure, found["normalized_boxes"], strict=False):
        name = found["labels"][label]
        print(f"{name}  {score:.3f}  x {xmin:.3f} to {xmax:.3f}, y {ymin:.3f} to {ymax:.3f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
