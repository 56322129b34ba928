"""Asks for boxes as Label Studio does of its ML backends: connects a project, then predicts for a task.

python label_studio.py URL PICTURE LABEL [LABEL ...]
"""

import base64
import json
import sys
import urllib.request
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

PROJECT = "1.1700000000"


def post(url: str, body: dict[str, Any]) -> Any:
    """The answer to a request."""
    asked = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(asked) as answer:
        return json.load(answer)


def main(url: str, picture: str, *labels: str) -> None:
    """Print a line for each box that Label Studio would draw; x, y and sides are percent of the picture's."""
    tags = "".join(f"<Label value={quoteattr(label)}/>" for label in labels)
    config = (
        '<View><Image name="image" value="$image"/><RectangleLabels name="label" toName="image" '
        f'model_score_threshold="0.05">{tags}</RectangleLabels></View>'
    )
    with urllib.request.urlopen(f"{url}/health") as answer:
        print(json.load(answer)["status"])
    connected = post(f"{url}/setup", {"project": PROJECT, "schema": config, "hostname": "", "access_token": ""})
    print(f"{connected['model_version']}; without a label: {', '.join(connected['left_out']) or 'none'}")

    # A task may name a picture by its address, too, or as Label Studio's own upload.
    image = f"data:image/jpeg;base64,{base64.b64encode(Path(picture).read_bytes()).decode()}"
    task = {"id": 1, "data": {"image": image}}
    params = {"login": None, "password": None, "context": None}
    body = {"tasks": [task], "project": PROJECT, "label_config": config, "params": params}
    (prediction,) = post(f"{url}/predict", body)["results"]
    for one in prediction["result"]:
        value = one["value"]
        print(f"{value['rectanglelabels'][0]}  {one['score']:.3f}  {value['x']:.1f} {value['y']:.1f}", end="  ")
        print(f"{value['width']:.1f} x {value['height']:.1f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
