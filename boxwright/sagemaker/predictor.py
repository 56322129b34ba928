"""Stands in for `sagemaker.predictor`: asks an endpoint."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

from boxwright.sagemaker import endpoint
from boxwright.sagemaker.deserializers import BytesDeserializer, Deserializer
from boxwright.sagemaker.serializers import IdentitySerializer, Serializer
from boxwright.sagemaker.session import Session

TIMEOUT = 70.0
"""Seconds that an answer may take; SageMaker gives a model 60."""

HEADERS = {
    "ContentType": "Content-Type",
    "Accept": "Accept",
    "CustomAttributes": "X-Amzn-SageMaker-Custom-Attributes",
    "TargetVariant": "X-Amzn-SageMaker-Target-Variant",
    "InferenceId": "X-Amzn-SageMaker-Inference-Id",
}
"""HTTP headers of what a request says beside its body, by SageMaker's names."""


class PredictionError(ValueError):
    """What an endpoint refused, and why.

    Attributes:
        status: HTTP status: the model's own where it was the model that refused.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Predictor:
    """Asks an endpoint that was started before.

    Args:
        endpoint_name: of `Estimator.deploy`, by this program or on the server that BOXWRIGHT_SERVER names.
        serializer: makes bytes of what is asked; pictures are bytes already.
        deserializer: reads the answer, which is given as bytes by default.

    Raises:
        LookupError: no such endpoint.
    """

    def __init__(
        self,
        endpoint_name: str,
        sagemaker_session: Session | None = None,
        serializer: Serializer | None = None,
        deserializer: Deserializer | None = None,
    ) -> None:
        self.endpoint_name, self.sagemaker_session = endpoint_name, sagemaker_session or Session()
        self.serializer, self.deserializer = serializer or IdentitySerializer(), deserializer or BytesDeserializer()
        self._endpoint = endpoint.find(endpoint_name)

    @property
    def endpoint_url(self) -> str:
        """Address of the service: boto3's `endpoint_url` for `sagemaker-runtime`."""
        return self._endpoint.url

    @property
    def content_type(self) -> str:
        """Content type of what is sent."""
        return self.serializer.CONTENT_TYPE

    @property
    def accept(self) -> tuple[str, ...]:
        """Content types that the answer may have."""
        return tuple(self.deserializer.ACCEPT)

    def predict(
        self,
        data: Any,
        initial_args: Mapping[str, str] | None = None,
        target_model: str | None = None,  # noqa: ARG002  # of SageMaker's signature
        target_variant: str | None = None,
        inference_id: str | None = None,
    ) -> Any:
        """Ask.

        Args:
            data: a picture's bytes, where no serializer says otherwise.
            initial_args: `ContentType`, `Accept` and so on, by SageMaker's names.
            target_variant: version that answers.

        Returns:
            what the deserializer makes of the answer.

        Raises:
            PredictionError: the endpoint or its model refuses.
            OSError: nobody answers.
        """
        named = {"ContentType": self.content_type, "Accept": ", ".join(self.accept)}
        named |= {"TargetVariant": target_variant or "", "InferenceId": inference_id or "", **(initial_args or {})}
        unknown = set(named) - set(HEADERS) - {"EndpointName", "Body"}
        if unknown:
            raise ValueError(f"initial_args may hold {', '.join(HEADERS)}, got {', '.join(sorted(unknown))}")
        headers = {HEADERS[name]: text for name, text in named.items() if name in HEADERS and text}
        body, kind = self._ask(self.serializer.serialize(data), headers)
        return self.deserializer.deserialize(body, kind)

    def _ask(self, data: bytes, headers: dict[str, str]) -> tuple[bytes, str]:
        url = f"{self._endpoint.url}/endpoints/{self.endpoint_name}/invocations"
        if self._endpoint.token:
            headers["Authorization"] = f"Bearer {self._endpoint.token}"
        try:
            with _opener(url).open(urllib.request.Request(url, data, headers), timeout=TIMEOUT) as answer:
                return answer.read(), answer.headers.get("Content-Type", "")
        except urllib.error.HTTPError as error:
            with error:
                raise _refusal(error.code, error.read()) from error

    def delete_endpoint(self, delete_endpoint_config: bool = True) -> None:  # noqa: ARG002  # of SageMaker's signature
        """End the endpoint."""
        self._endpoint.delete()

    def delete_model(self) -> None:
        """Nothing is to be done: the trained model stays in its folder, and the endpoint has no copy of it."""


def _opener(url: str) -> urllib.request.OpenerDirector:
    """A proxy of the environment never leads to this machine."""
    own = url.startswith(("http://127.", "http://localhost", "http://[::1]"))
    return urllib.request.build_opener(*([urllib.request.ProxyHandler({})] if own else []))


def _refusal(status: int, body: bytes) -> PredictionError:
    try:
        said = json.loads(body)
        message = said.get("OriginalMessage") or said.get("Message") or said.get("message") or ""
        status = int(said.get("OriginalStatusCode", status))
    except (ValueError, AttributeError, TypeError):
        message = body[:200].decode(errors="replace")
    return PredictionError(status, f"the endpoint answers {status}: {_words(message)}")


def _words(message: str) -> str:
    """The words of a message; behind a server they stand in the JSON that the model's process has answered."""
    try:
        return str(json.loads(message)["error"]["message"])
    except (ValueError, LookupError, TypeError):
        return message
