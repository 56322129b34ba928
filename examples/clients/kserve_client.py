"""Finds objects in a picture over KServe's protocol of version 2: with Triton's client, or without any.

python kserve_client.py URL MODEL PICTURE [THRESHOLD [triton | plain]]
"""

import json
import sys
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tritonclient.http as triton

OUTPUTS = ("num_detections", "detection_class_names", "detection_scores", "detection_boxes")


def ask_triton(url: str, model: str, encoded: bytes, threshold: float) -> list[Sequence[Any]]:
    """The first picture's row of each of `OUTPUTS`, sent as binary tensors."""
    given = triton.InferInput("encoded_image", [1], "BYTES")
    given.set_data_from_numpy(np.array([encoded], np.object_))
    wanted = [triton.InferRequestedOutput(name, binary_data=True) for name in OUTPUTS]
    with triton.InferenceServerClient(url.removeprefix("http://")) as client:
        answer = client.infer(model, [given], outputs=wanted, parameters={"score_threshold": threshold})
    count, names, scores, boxes = (answer.as_numpy(name)[0] for name in OUTPUTS)
    return [count, [name.decode() for name in names], scores, boxes]


def ask_plainly(url: str, model: str, encoded: bytes, threshold: float) -> list[Sequence[Any]]:
    """The same with nothing but HTTP: the picture is the body."""
    asked = urllib.request.Request(f"{url}/v2/models/{model}/infer", encoded, {"Content-Type": "image/jpeg"})
    with urllib.request.urlopen(asked) as answer:
        tensors = {one["name"]: np.reshape(one["data"], one["shape"])[0] for one in json.load(answer)["outputs"]}
    tensors["num_detections"] = (tensors["detection_scores"] >= threshold).sum()
    return [tensors[name] for name in OUTPUTS]


def main(url: str, model: str, picture: str, threshold: str = "0.5", how: str = "triton") -> None:
    """Print a line for each detection that is as sure as the threshold."""
    ask = {"triton": ask_triton, "plain": ask_plainly}[how]
    count, names, scores, boxes = ask(url, model, Path(picture).read_bytes(), float(threshold))
    print(f"{count:.0f} detections")
    for name, score, (ymin, xmin, ymax, xmax) in list(zip(names, scores, boxes, strict=True))[: int(count)]:
        print(f"{name}  {score:.3f}  x {xmin:.3f} to {xmax:.3f}, y {ymin:.3f} to {ymax:.3f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
