"""Tests of the API's sentences in other languages: each is known, and nothing is known that nobody says."""

import ast
import errno
import io
import os
import shutil
import string
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import boxwright
from boxwright import files, formats, imaging
from boxwright.admission import check_inside
from boxwright.algorithms import ALGORITHMS, parse
from boxwright.api.algorithm_resources import algorithm_json
from boxwright.console import texts
from boxwright.console.texts import ONE, languages
from boxwright.console.texts.said import LONGEST, MOST, Form, forms, said
from boxwright.dataset.findings import Finding, find
from boxwright.dataset.health import CHANNELS
from boxwright.dataset.observations import Histogram, Observations, PictureNote
from boxwright.dataset.rules import RULES, Rejected, check
from boxwright.dataset.summary import ClassCount, FaultyBox, FaultyPicture, OutsideLabel, Summary, require_usable
from boxwright.formats.sample import Sample
from boxwright.jobs.outcome import Ending
from boxwright.spec.dataset import DatasetRequest
from boxwright.spec.job import JobRequest, TrainingInput
from boxwright.spec.machine import Machine, assign
from boxwright.spec.resource import InvalidResource, describe

PACKAGE = Path(boxwright.__file__).parent

OTHERS = [language for language in languages() if language != "en"]

JOB: Mapping[str, Any] = {"masterConfig": {"imageUri": "gcr.io/cloud-ml-algos/image_object_detection:latest"}}


def knobs() -> Iterator[str]:
    """What the wizard shows of the algorithms."""
    for name in ALGORITHMS:
        known = algorithm_json(name)
        yield known["summary"]
        for one in known["arguments"]:
            yield one["help"]
            if one.get("unit", "px") != "px":
                yield one["unit"]


def summary(count: int) -> Summary:
    """All kinds of faults, `count` times each, in a data set of which some boxes are kept or none."""
    box: dict[str, Any] = {"sample": 0, "source": "a.jpg", "class_name": "cat", "reason": ""}
    rules = [rule for rule in RULES for _ in range(count)]
    counts = [(200, 200), (count, 0), (0, 0), (count, count)]
    return Summary(
        num_pictures=count,
        num_empty=count,
        num_boxes=count if count == 1 else 2 * len(rules),
        num_clipped=count,
        median_size=(10, 10),
        classes=tuple(
            ClassCount(id=id, name=name, boxes=boxes, kept=kept, pictures=1)
            for id, ((boxes, kept), name) in enumerate(zip(counts, ("cat", "dog", "owl", "4"), strict=True), 1)
        ),
        outside_labels=(OutsideLabel(label=9, boxes=3),),
        faulty_boxes=tuple(FaultyBox(box=index, rule=rule, **box) for index, rule in enumerate(rules)),
        faulty_pictures=tuple(FaultyPicture(sample=0, source="a", boxes=count, reason="") for _ in range(count)),
    )


def observations(count: int) -> Observations:
    empty = Histogram(edges=(), counts=())
    histograms: dict[str, Any] = dict.fromkeys(
        ("coco_sizes", "box_sides", "box_shares", "aspects", "boxes_a_picture"), empty
    )
    remarks = {
        "rotated": "EXIF orientation 6",
        "misnamed": "PNG named .jpg",
        "not_rgb": "grey",
        "resized": "stated as 3 x 4, is 30 x 40",
    }
    return Observations(
        picture_sizes=(),
        formats={},
        crowd_boxes=0,
        duplicates=(tuple(range(count + 1)),),
        near_duplicates=(tuple(range(count + 1)),),
        **{**histograms, **{name: (_remark(note),) * count for name, note in remarks.items()}},
    )


def _remark(note: str) -> PictureNote:
    return PictureNote(sample=0, source="b: c.jpg", note=note)


def findings() -> tuple[Finding, ...]:
    """All kinds of them, of one box or picture and of several, and where nothing is left."""
    many = summary(2)
    lost = many.model_copy(update={"num_boxes": many.num_rejected})
    classes = tuple(ClassCount(id=id, name="x", boxes=1, kept=1, pictures=1) for id in range(1, 13))
    rare = many.model_copy(update={"classes": classes})
    return tuple(
        one for kind, count in ((summary(1), 1), (many, 2), (lost, 2), (rare, 2)) for one in _found(kind, count)
    )


def _found(kind: Summary, count: int) -> tuple[Finding, ...]:
    alone = kind.model_copy(update={"num_boxes": 1, "faulty_boxes": kind.faulty_boxes[:1], "num_pictures": 0})
    return (*find(kind, observations(count), count), *find(alone, observations(count), 1))


def remarks() -> Iterator[str]:
    """What is said of single boxes and pictures."""
    yield from (one.reason for one in rejected())
    for bad in (b"?", picture()[:1000]):
        yield from refused(lambda bad=bad: imaging.decode(bad))  # type: ignore[misc]  # bound now
    yield from ("EXIF orientation 6", "PNG named .jpg", "stated as 3 x 4, is 30 x 40", *CHANNELS.values())


def rejected() -> tuple[Rejected, ...]:
    """Boxes that break each rule in each way."""
    nan = float("nan")
    boxes = [
        *((5, 5, 5, 50), (5, 5, 50, 5), (nan, 5, 20, 20), (-30, 5, -20, 20), (300, 5, 320, 20), (5, 300, 20, 320)),
        *((5, -30, 20, -10), (150, 5, 240, 20), (5, 50, 20, 140), (-40, 5, 20, 20), (5, 5, 5.4, 20), (5, 5, 20, 5.4)),
        *((5, 5, 30, 30), (5, 5, 30, 30), (5, 5, 40, 40)),
    ]
    labels = [0] * (len(boxes) - 1) + [7]
    corners = np.array(boxes, np.float32)
    given = (corners, np.array(labels), np.zeros(len(boxes), np.bool_))
    samples = (Sample("a.jpg", encoded, 200, 100, *given) for encoded in (picture(), b"?"))
    return tuple(one for sample in samples for one in check(sample, 3).rejected)


def picture() -> bytes:
    """A JPEG of 200 x 100 pixels."""
    written = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (100, 200, 3), np.uint8)).save(written, "JPEG")
    return written.getvalue()


def refused(look: Callable[[], object]) -> list[str]:
    """Lines of the error that something raises; of fields with and without their names."""
    try:
        look()
    except InvalidResource as error:
        return [words for one in error.faults for words in (str(one), one.message)]
    except (OSError, ValueError) as error:
        return describe(error).splitlines()
    raise AssertionError("nothing is refused")


def arguments(**given: str) -> list[str]:
    """What is wrong with arguments of the first algorithm."""
    algorithm = ALGORITHMS["image_object_detection"]
    return refused(lambda: parse(algorithm, {"training_data_path": "x", "num_classes": "3", **given}))


def fields(**given: object) -> list[str]:
    """What is wrong with a job."""
    return refused(lambda: JobRequest.read({"jobId": "one", "trainingInput": JOB, **given}))


def study(**one: object) -> list[str]:
    """What is wrong with a parameter that is searched."""
    params = [{"parameterName": "ema", "type": "DOUBLE", "minValue": 1, "maxValue": 2, **one}]
    return fields(trainingInput={**JOB, "hyperparameters": {"maxTrials": 2, "params": params}})


@cache
def mistakes() -> tuple[str, ...]:
    """What is said of the mistakes that are made most in the wizard and where data is imported."""
    algorithm = ALGORITHMS["image_object_detection"]
    return tuple(
        line
        for lines in (
            refused(lambda: parse(algorithm, {})),
            arguments(train_batch_size="0"),
            arguments(train_batch_size="many"),
            arguments(train_batch_size="1.5"),
            arguments(initial_learning_rate="fast"),
            arguments(initial_learning_rate="-1"),
            arguments(nms_iou_threshold="2"),
            arguments(initial_learning_rate="nan"),
            arguments(image_size="640"),
            arguments(image_size="640,x"),
            arguments(optimizer_arguments="fast"),
            arguments(optimizer_arguments="beta1=fast"),
            arguments(aug_rand_hflip="perhaps"),
            arguments(fpn_type="none"),
            arguments(resnet_depth="7"),
            arguments(tile="3"),
            arguments(freeze_layer_pattern="("),
            arguments(stepwise_learning_rate_steps="1,2,3", learning_rate_decay_type="stepwise"),
            arguments(fpn_min_level="7", fpn_max_level="6"),
            arguments(train_batch_siz="2"),
            arguments(wholly_unknown_qq="2"),
            fields(jobId="1"),
            fields(jobId=None),
            fields(nonsense=1),
            fields(labels={"A": "b"}),
            fields(trainingInput={**JOB, "scaleTier": "CUSTOM"}),
            fields(trainingInput={**JOB, "scaleTier": "HUGE"}),
            fields(trainingInput={**JOB, "masterType": "n1-standard-4"}),
            fields(trainingInput={**JOB, "scheduling": {"priority": 2000}}),
            fields(trainingInput={**JOB, "scheduling": {"maxRunningTime": "long"}}),
            fields(trainingInput={**JOB, "scheduling": {"priority": "high"}}),
            fields(trainingInput={**JOB, "scheduling": {"priority": 1.5}}),
            fields(trainingInput={**JOB, "scheduling": {"priority": []}}),
            study(minValue=None),
            study(minValue="low"),
            study(minValue=[]),
            study(minValue=float("inf")),
            study(minValue=3),
            study(minValue=0, scaleType="UNIT_LOG_SCALE"),
            study(type="INTEGER", minValue=0.5),
            study(type="CATEGORICAL"),
            study(type="DISCRETE"),
            refused(lambda: check_inside("/x", ("/roots",))),
            refused(lambda: files.expand("/nowhere/at/all-*")),
            _in_an_empty_folder(),
            refused(lambda: formats.recognise(str(PACKAGE / "cli.py"))),
            refused(lambda: DatasetRequest.read({"name": "!", "path": "/x"})),
            [describe(OSError(code, os.strerror(code), "/x")) for code in (errno.ENOENT, errno.EACCES, errno.ENOTDIR)],
        )
        for line in lines
    )


def machines() -> Iterator[str]:
    """How what is asked for was mapped, and what is said where it falls short."""
    there = Machine(cores=2, memory=8 * 10**9)
    custom = {"scaleTier": "CUSTOM", "masterType": "n1-standard-2"}
    asked = [
        _asked(scaleTier="BASIC"),
        _asked(scaleTier="BASIC_GPU"),
        _asked(**custom),
        _asked(**{**custom, "masterType": "complex_model_l_gpu", "workerType": "n1-highmem-8", "workerCount": 1}),
        _asked(**custom, parameterServerType="x", parameterServerCount=2),
    ]
    for one in asked:
        for machine in (there, Machine(cores=2, memory=8 * 10**9, gpus=("NVIDIA H200",))):
            lines = assign(one, machine, True).lines
            yield from (str(machine), "; ".join(lines), *lines)
    yield from refused(lambda: assign(_asked(**{**custom, "masterType": "abacus"}), there))
    yield from refused(lambda: assign(asked[3], there))


def _asked(**given: object) -> TrainingInput:
    found = JobRequest.read({"jobId": "a", "trainingInput": {**JOB, **given}}).training_input
    assert found
    return found


def unusable() -> Iterator[str]:
    """Why training does not begin on data."""
    faulty = (FaultyPicture(sample=0, source="a.jpg", boxes=1, reason="not a readable JPEG, PNG, GIF or BMP picture"),)
    box = FaultyBox(
        sample=0, source="a.jpg", box=1, class_name="cat", rule="picture", reason=f"box 1: {faulty[0].reason}"
    )
    many = summary(2).model_copy(update={"faulty_pictures": faulty, "faulty_boxes": (box,) * 20, "num_boxes": 20})
    yield from refused(lambda: require_usable(many))
    yield from refused(
        lambda: require_usable(many.model_copy(update={"outside_labels": (OutsideLabel(label=0, boxes=9),)}))
    )


def ends() -> Iterator[str]:
    """How jobs end that leave no words of their own."""
    for status, out_of_memory in ((None, False), (3, False), (-9, False), (-9, True)):
        yield str(Ending(None, status, out_of_memory))


def _in_an_empty_folder() -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        return refused(lambda: files.expand(f"{folder}/train-*"))


def english(module: str) -> Iterator[str]:
    """Sentences that a module of the package may say: its texts with 7 in the places of what differs."""
    for node in ast.walk(ast.parse((PACKAGE / module).read_text("utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        if isinstance(node, ast.JoinedStr):
            yield from {_filled(node, which) for which in ("body", "orelse")}


def _filled(node: ast.JoinedStr, which: str) -> str:
    """An f-string with the one or the other of what its conditions choose from."""
    words = []
    for part in node.values:
        chosen = getattr(part.value, which, None) if isinstance(part, ast.FormattedValue) else part
        words.append(str(chosen.value) if isinstance(chosen, ast.Constant) else "7")
    return "".join(words)


def derived() -> Iterator[str]:
    """Reasons of derived values: the second of two things that a rule gives."""
    for module in ("train/auto.py", "train/rates.py", "train/pyramid.py"):
        for node in ast.walk(ast.parse((PACKAGE / module).read_text("utf-8"))):
            pair = node.elts if isinstance(node, ast.Tuple) and len(node.elts) == 2 else ()
            pair = node.args if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "fixed" else pair
            for one in pair[1:]:
                if isinstance(one, ast.Constant) and " " in str(one.value):
                    yield str(one.value)
                elif isinstance(one, ast.JoinedStr):
                    yield from {_filled(one, which) for which in ("body", "orelse")}


SAID: Mapping[str, Callable[[], Iterator[str]]] = {
    "knobs": knobs,
    "findings": lambda: (words for one in findings() for words in (one.message, one.way_out)),
    "remarks": remarks,
    "derived": derived,
    "mistakes": lambda: iter(mistakes()),
    "machines": machines,
    "unusable": unusable,
    "ends": ends,
}
"""What has to be known in every language."""


@pytest.mark.parametrize("kind", SAID)
@pytest.mark.parametrize("language", OTHERS)
def test_everything_is_known(kind: str, language: str) -> None:
    sentences = set(SAID[kind]())
    assert len(sentences) > 1
    assert [one for one in sentences if said(language, one) == one] == []


def test_all_kinds_of_findings_are_looked_at() -> None:
    """Those that the code names; the rules of boxes have one each."""
    source = ast.parse((PACKAGE / "dataset/findings.py").read_text("utf-8"))
    calls = [node for node in ast.walk(source) if isinstance(node, ast.Call) and _named(node) == "_finding"]
    rules = {one.args[1].value for one in calls if isinstance(one.args[1], ast.Constant)}
    assert len(rules) > 10
    assert {one.rule for one in findings()} == rules | (set(RULES) - {"picture"})


def looked(form: Form) -> Callable[[str], object]:
    """Finds a form: a part of sentences within one."""
    return form.pattern.search if form.part else form.pattern.fullmatch


def _named(node: ast.Call) -> str:
    return getattr(node.func, "id", "")


def test_all_rules_of_boxes_are_looked_at() -> None:
    assert {one.rule for one in rejected()} == set(RULES)
    assert all(said("es", one.reason).startswith(f"caja {one.box_index}: ") for one in rejected())


def test_nothing_is_known_that_nobody_says() -> None:
    modules = [str(path.relative_to(PACKAGE)) for path in PACKAGE.rglob("*.py") if "console" not in path.parts]
    heard = {line for kind in SAID.values() for line in kind()}
    heard |= {line for module in modules for text in english(module) for line in text.split("\n")}
    heard |= {part for line in heard for part in (*line.split("; "), line.partition(": ")[2])}
    unheard = [form.english for form in forms() if not any(map(looked(form), heard))]
    assert unheard == []


@pytest.mark.parametrize("form", forms(), ids=lambda form: form.english)
def test_a_form_has_every_language_with_the_values_that_it_takes(form: Form) -> None:
    assert list(form.texts) == OTHERS
    taken = set(form.pattern.groupindex)
    for language, text in form.texts.items():
        names = [name for _, name, _, _ in string.Formatter().parse(text) if name]
        assert text.strip() and text != form.english
        assert set(names) == taken, language


def test_entries_have_languages_and_singulars_only() -> None:
    allowed = {*OTHERS, *(language + ONE for language in languages())}
    for path in (texts.FOLDER / "api").glob("*.toml"):
        assert {key for entry in tomllib.loads(path.read_text("utf-8")).values() for key in entry} <= allowed


def test_a_sentence_is_found_by_its_form() -> None:
    words = "--overlap: Input should be less than or equal to 0.9, got '2'"
    assert said("es", words) == "--overlap: debe ser menor o igual que 0.9; se recibió '2'"
    assert said("ja", words) == "--overlap: 0.9 以下でなければなりません（指定値: '2'）"
    assert said("en", words) == words


def test_one_is_told_from_many() -> None:
    assert said("es", "1 box thinner than 1 px.") == "1 caja de menos de 1 px."
    assert said("es", "1,234 boxes thinner than 1 px.") == "1\u202f234 cajas de menos de 1 px."
    assert said("ja", "1,234 boxes thinner than 1 px.") == "1 px より細い枠が 1,234 個あります。"


def test_lines_and_lists_are_taken_one_by_one() -> None:
    assert said("es", "--a is required\nsomething new\n--b is required").splitlines() == [
        "--a es obligatorio",
        "something new",
        "--b es obligatorio",
    ]
    assert said("es", "--a is required; --b is required") == "--a es obligatorio; --b es obligatorio"


@pytest.mark.parametrize(
    "words",
    [
        "",
        "nobody has ever said this",
        "--a: nobody has ever said this",
        "--a is required; nobody has ever said this",
        "class 3",  # a part of a sentence
        "--a: " + "is required " * LONGEST,
    ],
)
def test_what_is_not_known_stays_english_as_a_whole(words: str) -> None:
    assert said("ja", words) == words


def test_the_most_particular_form_is_taken() -> None:
    words = "box 2: xmax 700.0 > width 640 (sticks out; up to 6.4 px is clipped)"
    assert said("es", words) == "caja 2: xmax 700.0 > ancho 640 (sobresale; hasta 6.4 px se recortan)"


def test_names_are_taken_over_as_they_are() -> None:
    name = "{n} <b>, x} (y"
    assert said("es", f"All 3 boxes of class {name} are rejected.") == f"Se rechazan las 3 cajas de la clase {name}."


def test_hostile_names_do_not_take_long() -> None:
    name = "classes a and 1 more " * (LONGEST // 21)
    lists = "--a is given twice, as 1 and x; " * MOST
    begin = time.thread_time()
    assert name[:50] in said("es", f"No box shows classes {name}: labels are not contiguous."[:LONGEST])
    assert said("es", lists[:-34] + "nobody").endswith("nobody")
    assert time.thread_time() - begin < 5


def test_no_form_stands_in_two_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "api").mkdir()
    shutil.copy(texts.FOLDER / texts.OF_LANGUAGES, tmp_path)
    for name in "ab":
        (tmp_path / "api" / f"{name}.toml").write_text('["x {n:d}"]\nes = "y {n}"\nja = "z {n}"\n', "utf-8")
    monkeypatch.setattr(texts, "FOLDER", tmp_path)
    with pytest.raises(ValueError, match="b.toml: there is another form"):
        forms.__wrapped__()
