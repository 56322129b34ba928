import pytest

from boxwright.spec.dataset import DatasetRequest
from boxwright.spec.resource import InvalidResource


def test_a_request_says_where_data_comes_from() -> None:
    split = DatasetRequest.read({"name": "x", "split": {"dataset": "y", "format": "voc"}})
    assert (split.kind, split.parent, split.format) == ("split", "y", "voc")
    path = DatasetRequest.read({"name": "x", "path": "/data"})
    assert (path.kind, path.parent, path.format) == ("path", "", "")
    assert DatasetRequest.read({"name": "x", "draw": {}}).format == "tfrecord"
    assert DatasetRequest.read({"name": "x", "uploadId": "u"}).kind == "upload"


def test_what_was_given_is_written_and_no_more() -> None:
    given = {"name": "x", "convert": {"dataset": "y", "format": "coco"}}
    assert DatasetRequest.read(given).written() == given


@pytest.mark.parametrize("name", ["", "a b", "../a", "<b>", "a" * 64, "ü", ".a", "a/b", "a\n"])
def test_names_that_are_refused(name: str) -> None:
    with pytest.raises(InvalidResource, match="a data set's name is 1 to 63 letters"):
        DatasetRequest.read({"name": name, "path": "/data"})


def test_exactly_one_source() -> None:
    with pytest.raises(InvalidResource, match="got none"):
        DatasetRequest.read({"name": "x"})
    with pytest.raises(InvalidResource, match="got path, draw"):
        DatasetRequest.read({"name": "x", "path": "/data", "draw": {}})
    with pytest.raises(InvalidResource, match="labelsFile belongs to path and uploadId"):
        DatasetRequest.read({"name": "x", "draw": {}, "labelsFile": "/a"})


def test_shares_add_up_to_one() -> None:
    with pytest.raises(InvalidResource, match="must add up to 1, got 0.9"):
        DatasetRequest.read({"name": "x", "split": {"dataset": "y", "shares": {"a": 0.5, "b": 0.4}}})
