"""What endpoints answer."""

from boxwright.sagemaker.deserializers import BytesDeserializer, JSONDeserializer, StringDeserializer


def test_answers_are_read() -> None:
    assert BytesDeserializer().deserialize(b"[1]", "") == b"[1]"
    assert StringDeserializer().deserialize("é".encode(), "") == "é"
    assert JSONDeserializer("application/json;verbose").deserialize(b"[1]", "") == [1]
    assert JSONDeserializer("application/json;verbose").ACCEPT == ("application/json;verbose",)
