"""The function between the page and the model: it gets a picture and asks the endpoint of its environment.

It is written as AWS Lambda and its like want it, and runs there as it is, behind an API gateway that hands bodies over
in base64. ENDPOINT_NAME names the endpoint; so another model takes one changed variable. Where the endpoint is not one
of AWS, AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME says where it is.
"""

import base64
import binascii
import functools
import json
import os
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

ACCEPT = "application/json;verbose;n_predictions=200"


@functools.cache
def runtime() -> Any:
    """Made once for many requests."""
    return boto3.client("sagemaker-runtime")


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001  # of Lambda's signature
    """Find objects in the picture of a request; boxes are [xmin, ymin, xmax, ymax] in shares of its sides."""
    try:
        picture = base64.b64decode(event.get("body") or "", validate=True)
    except binascii.Error:
        return answer(400, {"message": "The body must be a picture, in base64."})
    try:
        said = runtime().invoke_endpoint(
            EndpointName=os.environ["ENDPOINT_NAME"], ContentType="application/x-image", Accept=ACCEPT, Body=picture
        )
    except ClientError as error:
        status = error.response.get("OriginalStatusCode", 0)
        message = error.response.get("OriginalMessage") or error.response["Error"]["Message"]
        return answer(status if 400 <= status < 500 else 502, {"message": message})
    except BotoCoreError:
        return answer(502, {"message": "The model does not answer."})
    found = json.loads(said["Body"].read())
    rows = zip(found["classes"], found["scores"], found["normalized_boxes"], strict=True)
    boxes = [{"name": found["labels"][label], "score": score, "box": box} for label, score, box in rows]
    return answer(200, {"classes": found["labels"], "boxes": boxes})


def answer(status: int, content: dict[str, Any]) -> dict[str, Any]:
    """An answer in the form of API gateways."""
    headers = {"Content-Type": "application/json", "Cache-Control": "no-store"}
    return {"statusCode": status, "headers": headers, "body": json.dumps(content)}
