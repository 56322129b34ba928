"""What a confusion matrix is drawn from."""

from boxwright.console.evaluation.confusion import order, shares


def test_shares_of_rows() -> None:
    assert shares([(0, 0, 3), (0, -1, 1), (-1, 0, 2)]) == {(0, 0): 0.75, (0, -1): 0.25, (-1, 0): 1.0}
    assert order(2) == [0, 1, -1]
