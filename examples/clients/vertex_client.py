"""Finds objects in a picture with Google's client library, as clients of Vertex AI's endpoints do.

python vertex_client.py URL MODEL PICTURE [THRESHOLD]
"""

import base64
import sys
from pathlib import Path

from googleapiclient.discovery import build
from httplib2 import Http


def main(url: str, model: str, picture: str, threshold: str = "0.5") -> None:
    """Print a line for each detection that is as sure as the threshold."""
    body = {
        "instances": [{"content": base64.b64encode(Path(picture).read_bytes()).decode()}],
        "parameters": {"confidenceThreshold": float(threshold), "maxPredictions": 100},
    }
    with build("aiplatform", "v1", http=Http(), client_options={"api_endpoint": url}, cache_discovery=False) as service:
        endpoints = service.projects().locations().endpoints()
        answer = endpoints.predict(endpoint=f"projects/any/locations/here/endpoints/{model}", body=body).execute()
    (found,) = answer["predictions"]
    print(f"{answer['modelDisplayName']} {answer['modelVersionId']}: {len(found['ids'])} detections")
    for name, score, box in zip(found["displayNames"], found["confidences"], found["bboxes"], strict=True):
        left, right, top, bottom = box
        print(f"{name}  {score:.3f}  x {left:.3f} to {right:.3f}, y {top:.3f} to {bottom:.3f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
