"""Labelling interfaces, as Label Studio's templates write them."""

import pytest

from boxwright.serving.label_config import left_out, read_label_config
from boxwright.serving.rejection import Rejection

TEMPLATE = """
<View>
  <Image name="image" value="$image" zoom="true"/>
  <RectangleLabels name="label" toName="image" {attributes}>
    <Label value="Airplane" background="green"/>
    <Label value="Car" background="blue" predicted_values="truck, Van"/>
  </RectangleLabels>
</View>
"""


def test_the_tags_and_labels_are_found() -> None:
    found = read_label_config(TEMPLATE.format(attributes=""))
    assert (found.from_name, found.to_name, found.key, found.threshold) == ("label", "image", "image", None)
    assert [found.label(name) for name in ("airplane", " CAR ", "van", "truck", "bus")] == [
        *("Airplane", "Car", "Car", "Car"),
        None,
    ]
    assert left_out(found, ["car", "Bus", "boat"]) == ["Bus", "boat"]


def test_the_tag_may_say_how_sure_a_box_must_be() -> None:
    assert read_label_config(TEMPLATE.format(attributes='model_score_threshold="0.25"')).threshold == 0.25
    with pytest.raises(Rejection, match="must be a number"):
        read_label_config(TEMPLATE.format(attributes='model_score_threshold="high"'))


def test_a_name_counts_more_than_an_alias_and_the_first_more_than_the_second() -> None:
    found = read_label_config(
        '<View><Image name="i" value="$i"/><RectangleLabels name="b" toName="i"><Label value="Pet" '
        'predicted_values="cat,dog"/><Label value="Cat"/><Label value="Animal" predicted_values="dog"/><Label/>'
        "</RectangleLabels></View>"
    )
    assert [found.label(name) for name in ("cat", "dog", "pet", "animal", "")] == ["Cat", "Pet", "Pet", "Animal", None]


def test_the_tag_over_a_picture_is_taken() -> None:
    found = read_label_config(
        '<View><Text name="t" value="$t"/><RectangleLabels name="a" toName="t"/><RectangleLabels name="b" toName="p"/>'
        '<Image name="p" value="$photo"/></View>'
    )
    assert (found.from_name, found.to_name, found.key) == ("b", "p", "photo")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not XML"),
        ("<View>", "not XML"),
        ("\ud800", "not XML"),
        ("<View/>", "must draw boxes"),
        ('<View><RectangleLabels name="a" toName="b"/></View>', "must draw boxes"),
        ('<View><Image name="a"/><PolygonLabels name="b" toName="a"/></View>', "must draw boxes"),
        ("<View>" + " " * 250_000, "250,000 characters"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><View>&b;</View>', "document type"),
        ('<!DOCTYPE a SYSTEM "file:///etc/passwd"><View/>', "document type"),
    ],
)
def test_what_is_no_interface_for_boxes_is_refused(text: str, said: str) -> None:
    with pytest.raises(Rejection, match=said) as refused:
        read_label_config(text)
    assert refused.value.status == 400
