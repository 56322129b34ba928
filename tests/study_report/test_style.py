import re

from boxwright.study_report.plot import MARKS
from boxwright.study_report.style import SCRIPT, STYLE


def test_every_colour_has_a_dark_counterpart() -> None:
    light, dark = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)
    names = [set(re.findall(r"--([a-z]+):", text)) for text in (light, dark)]
    assert names[0] == names[1] == set(re.findall(r"var\(--([a-z]+)\)", STYLE))


def test_every_mark_has_a_style() -> None:
    for drawing in MARKS.values():
        for name in re.findall(r'class="([^"]+)"', drawing):
            assert ".plot ." + name.replace(" ", ".").replace(".usual", "") in STYLE


def test_script_asks_nothing_of_the_network() -> None:
    assert SCRIPT.startswith("<script>\n") and SCRIPT.count("<script") == SCRIPT.count("</script>") == 1
    assert not re.search(r"http|fetch|import|XMLHttp|\.src|eval|innerHTML", SCRIPT)
