"""The predictor, against a server of this machine that answers what it was asked."""

import http.server
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from boxwright.sagemaker import endpoint
from boxwright.sagemaker.deserializers import JSONDeserializer, StringDeserializer
from boxwright.sagemaker.predictor import PredictionError, Predictor
from boxwright.sagemaker.serializers import DataSerializer, JSONSerializer


class Echo(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        refusals = {
            b"bad": (424, {"Message": "long", "OriginalStatusCode": 400, "OriginalMessage": "not a picture"}),
            b"far": (424, {"OriginalStatusCode": 413, "OriginalMessage": '{"error": {"message": "too large"}}'}),
            b"who": (403, {"Message": "no token"}),
            b"odd": (502, ["gateway"]),
        }
        said = {"path": self.path, "body": body.decode(), "headers": {k.lower(): v for k, v in self.headers.items()}}
        status, answer = refusals.get(body, (200, said))
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *_: Any) -> None:
        pass


@dataclass
class Known:
    url: str
    token: str = ""
    name: str = "cells"
    deleted: int = 0

    def delete(self) -> None:
        self.deleted += 1


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> Iterator[Known]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        found = Known(f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setattr(endpoint, "find", lambda name: found if name == "cells" else None)
        yield found
        server.shutdown()
        thread.join()


def test_a_picture_is_asked_as_the_notebook_does(known: Known) -> None:
    predictor = Predictor("cells")
    answer = predictor.predict(b"abc", {"ContentType": "application/x-image", "Accept": "application/json;verbose"})
    said = json.loads(answer)
    assert (said["path"], said["body"]) == ("/endpoints/cells/invocations", "abc")
    assert (said["headers"]["content-type"], said["headers"]["accept"]) == (
        "application/x-image",
        "application/json;verbose",
    )
    assert "authorization" not in said["headers"]
    assert predictor.endpoint_url == known.url


def test_serializers_say_what_is_sent_and_what_comes_back(known: Known) -> None:
    known.token = "secret"
    predictor = Predictor("cells", serializer=DataSerializer(), deserializer=JSONDeserializer())
    assert (predictor.content_type, predictor.accept) == ("application/x-image", ("application/json",))
    headers = predictor.predict(b"abc", target_variant="2", inference_id="i")["headers"]
    assert headers["x-amzn-sagemaker-target-variant"] == "2"
    assert headers["x-amzn-sagemaker-inference-id"] == "i"
    assert (headers["content-type"], headers["accept"]) == ("application/x-image", "application/json")
    assert headers["authorization"] == "Bearer secret"
    told = Predictor("cells", serializer=JSONSerializer(), deserializer=StringDeserializer()).predict({"a": 1})
    assert json.loads(told)["body"] == '{"a": 1}'


@pytest.mark.parametrize(
    ("data", "status", "said"),
    [
        (b"bad", 400, "not a picture"),
        (b"far", 413, "413: too large"),
        (b"who", 403, "no token"),
        (b"odd", 502, "gateway"),
    ],
)
@pytest.mark.usefixtures("known")
def test_what_the_endpoint_refuses_is_raised(data: bytes, status: int, said: str) -> None:
    with pytest.raises(PredictionError, match=said) as raised:
        Predictor("cells").predict(data)
    assert raised.value.status == status


@pytest.mark.usefixtures("known")
def test_an_argument_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="initial_args may hold ContentType, .* got Body_"):
        Predictor("cells").predict(b"abc", {"Body_": "x"})
    with pytest.raises(TypeError, match="a picture's bytes"):
        Predictor("cells").predict("a.jpg")


def test_an_endpoint_is_deleted_and_the_model_stays(known: Known) -> None:
    predictor = Predictor("cells")
    predictor.delete_model()
    predictor.delete_endpoint()
    assert known.deleted == 1
