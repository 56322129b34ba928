from boxwright.dataset.health import inspect
from boxwright.dataset.observations import Histogram
from boxwright.dataset.report_text import ranges, text_report, whole_ranges

GOOD = (10, 10, 50, 60)


def test_ranges_by_hand():
    assert ranges(Histogram(edges=(8.0, 16.0), counts=(0, 0, 0))) == ("< 8", "8 to 16", "16 or more")
    counted = Histogram(edges=(1.0, 2.0, 3.0, 5.0), counts=(0, 0, 0, 0, 0))
    assert whole_ranges(counted) == ("0", "1", "2", "3 to 4", "5 or more")


def test_the_report_says_what_and_why(sample, dataset):
    data = dataset(
        sample([GOOD, (120, 30, 118, 60)], source="a.jpg"),
        sample([GOOD], [1], encoded=b"?", source="b.jpg"),
        classes=["cat", "dog"],
    )
    lines = text_report(inspect(data), "pets").splitlines()
    assert lines[0] == "pets: 2 pictures, 3 boxes (1 kept, 2 rejected = 67 %), 2 classes"
    assert "  a.jpg: box 1: xmin 120.0 >= xmax 118.0 (degenerate)" in lines
    assert "Rejected boxes (2)" in lines
    assert "  b.jpg: not a readable JPEG, PNG, GIF or BMP picture" in lines
    assert "     1  cat            1         1         1  ##############################" in lines
    assert "     2  dog            0         1         0" in lines
    assert "  200 x 100: 1 picture" in lines


def test_long_lists_are_cut_and_say_so(sample, dataset):
    data = dataset(sample([GOOD] + [(index, 5, index, 9) for index in range(60)]))
    health = inspect(data)
    report = text_report(health, "x", most_lines=10)
    assert report.count("(degenerate)") == 10
    assert "  and 50 more (all are in the JSON report)" in report
    assert text_report(health, "x", most_lines=0).count("(degenerate)") == 60


def test_a_good_data_set_is_told_so(sample, dataset):
    boxes = [(index, 10, index + 40, 60) for index in range(25)]
    assert "Nothing to attend to." in text_report(inspect(dataset(sample(boxes))), "x")


def test_an_empty_data_set_can_be_reported(dataset):
    assert text_report(inspect(dataset()), "nothing").startswith("nothing: 0 pictures, 0 boxes")
