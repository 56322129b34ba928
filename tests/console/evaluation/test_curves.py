"""What curves are drawn from."""

from boxwright.console.evaluation.curves import in_words, points


def test_points_of_a_curve() -> None:
    curve = {"recall": [0.5, 1.0], "precision": [1.0, 0.75], "score": [0.9, 0.4]}
    assert points(curve) == [[0.5, 1.0, 0.9], [1.0, 0.75, 0.4]]
    assert in_words("Curves", [{"name": "cat", "ap50": 0.5}, {"name": "dog"}]) == "Curves. cat: AP50 0.500"
