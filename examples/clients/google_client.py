"""Finds objects in a picture with Google's client library, as clients of AI Platform Prediction do.

python google_client.py URL MODEL PICTURE [THRESHOLD]
"""

import base64
import sys
from pathlib import Path

from googleapiclient.discovery import build
from httplib2 import Http


def main(url: str, model: str, picture: str, threshold: str = "0.5") -> None:
    """Print a line for each detection that is as sure as the threshold."""
    instance = {"encoded_image": {"b64": base64.b64encode(Path(picture).read_bytes()).decode()}, "key": picture}
    with build("ml", "v1", http=Http(), client_options={"api_endpoint": url}, cache_discovery=False) as service:
        asked = service.projects().predict(name=f"projects/any/models/{model}", body={"instances": [instance]})
        (found,) = asked.execute()["predictions"]
    print(f"{found['key']}: {found['num_detections']:.0f} detections")
    rows = zip(found["detection_classes"], found["detection_scores"], found["detection_boxes"], strict=True)
    for number, score, (ymin, xmin, ymax, xmax) in list(rows)[: int(found["num_detections"])]:
        if score >= float(threshold):
            print(f"class {number:.0f}  {score:.3f}  x {xmin:.3f} to {xmax:.3f}, y {ymin:.3f} to {ymax:.3f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
