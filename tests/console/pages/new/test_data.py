"""Tests of training on a data set."""

from boxwright.console.pages.new.data import use
from boxwright.console.pages.new.draft import Draft
from boxwright.console.pages.new.source import Source


def test_a_data_set_validates_on_its_own_part() -> None:
    draft = Draft()
    use(draft, {"name": "cells", "trainingDataPath": "/c/train", "validationDataPath": "/c/val", "labelsFile": "/c/l"})
    assert draft.training == Source("dataset", name="cells", path="/c/train")
    assert draft.validation == Source("dataset", name="cells", path="/c/val")
    assert draft.arguments == {"labels_file": "/c/l"}
    use(draft, {"name": "shapes", "trainingDataPath": "/s"})
    assert draft.validation == Source("part") and draft.arguments == {}


def test_validation_data_that_was_chosen_stays() -> None:
    draft = Draft(validation=Source("file", path="/other"))
    use(draft, {"name": "cells", "trainingDataPath": "/c/train", "validationDataPath": "/c/val"})
    assert draft.validation == Source("file", path="/other")
