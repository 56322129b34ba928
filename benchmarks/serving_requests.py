"""Valid requests of every serving contract, and pictures of every format, to send as they are or spoilt."""

import base64
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PIL import Image


@dataclass(frozen=True)
class Asked:
    """One request."""

    path: str
    body: bytes = field(repr=False)
    content_type: str
    headers: Mapping[str, str] = field(default_factory=dict)


def pictures(jpeg: bytes) -> dict[str, bytes]:
    """The picture in the formats that are read, with odd kinds of pixels among them; by a name."""
    image = Image.open(io.BytesIO(jpeg)).convert("RGB")
    grey = np.asarray(image.convert("L"), np.uint16) * 257
    kinds: dict[str, tuple[Image.Image, str, dict[str, Any]]] = {
        "jpeg": (image, "JPEG", {}),
        "progressive": (image, "JPEG", {"progressive": True}),
        "cmyk": (image.convert("CMYK"), "JPEG", {}),
        "png": (image, "PNG", {}),
        "palette": (image.convert("P"), "PNG", {}),
        "alpha": (image.convert("RGBA"), "PNG", {}),
        "16 bits": (Image.fromarray(grey), "PNG", {}),
        "gif": (image.convert("P"), "GIF", {"save_all": True, "append_images": [image.rotate(90).convert("P")]}),
        "bmp": (image, "BMP", {}),
        "one pixel": (image.crop((0, 0, 1, 1)), "PNG", {}),
    }
    written = {}
    for name, (one, form, options) in kinds.items():
        file = io.BytesIO()
        one.save(file, form, **options)
        written[name] = file.getvalue()
    return written


def requests(picture: bytes, name: str = "model") -> list[Asked]:
    """The picture asked about by each contract; `name` is the model's."""
    text = base64.b64encode(picture).decode()
    instances = {"instances": [{"encoded_image": {"b64": text}, "key": "1"}]}
    tensor = {"name": "encoded_image", "shape": [1], "datatype": "BYTES", "data": [text]}
    task = {"id": 1, "data": {"image": f"data:image/jpeg;base64,{text}"}}
    config = (
        '<View><Image name="image" value="$image"/><RectangleLabels name="label" toName="image">'
        '<Label value="circle"/></RectangleLabels></View>'
    )
    json_bodies: dict[str, Any] = {
        f"/v1/models/{name}:predict": instances,
        f"/v1/models/{name}/versions/1:predict": {"inputs": {"encoded_image": [{"b64": text}], "key": ["1"]}},
        f"/v1/projects/local/models/{name}:predict": instances,
        f"/v2/models/{name}/infer": {"inputs": [tensor]},
        "/predict": {"images": [{"b64": text}]},
        "/setup": {"project": "1.2", "schema": config},
        "/webhook": {"action": "ANNOTATION_CREATED", "project": {"id": 1}},
    }
    asked = [Asked(path, json.dumps(body).encode(), "application/json") for path, body in json_bodies.items()]
    raw = [
        Asked(path, picture, "image/jpeg") for path in ("/invocations", f"/endpoints/{name}/invocations", "/predict")
    ]
    verbose = Asked("/invocations", picture, "application/x-image", {"Accept": "application/json;verbose"})
    label_studio = json.dumps({"tasks": [task], "project": "1.2", "label_config": config}).encode()
    return [*asked, *raw, verbose, Asked("/predict", label_studio, "application/json")]
