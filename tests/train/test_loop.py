"""Tests of the training loop."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from boxwright.data.batches import evaluation_batches
from boxwright.jobdir import Event
from boxwright.metrics.boxes import Predictions
from boxwright.models.detector import Targets
from boxwright.train import loop
from boxwright.train.checkpoint import BEST, TrainState, checkpoints
from boxwright.train.loop import Run, Stop, fit
from boxwright.train.schedule import learning_rate

Prepared = Callable[..., Run]


class Listener:
    """Keeps all events, and asks to stop at the first one that `when` says."""

    def __init__(self, when: Callable[[Event], bool] = lambda _: False, stop: Stop = Stop.CANCELLED) -> None:
        self.events: list[Event] = []
        self.when, self.stop = when, stop

    def __call__(self, event: Event) -> Stop | None:
        self.events.append(event)
        return self.stop if self.when(event) else None

    def of(self, kind: str) -> list[Event]:
        return [event for event in self.events if event.kind == kind]


def test_losses_are_reported_with_rate_and_speed(prepared: Prepared) -> None:
    heard = Listener()
    run = prepared(heard)
    assert fit(run) is None
    events = heard.of("train")
    assert [event.step for event in events] == [1, 2, 3, 4]
    assert [event.step for event in heard.of("evaluation")] == [2, 4]
    for event in events:
        values = event.values
        assert values["loss"] == pytest.approx(values["class_loss"] + 50 * values["box_loss"], rel=1e-5)
        assert values["learning_rate"] == learning_rate(event.step - 1, run.spec.optimization)
        assert values["images_per_second"] > 0
        assert 0 <= values["waiting_share"] <= 1
        assert 50e6 < values["memory"] < 50e9


def test_losses_between_reports_are_averaged(prepared: Prepared, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "LOG_EVERY", 3)
    losses = iter([1.0, 2.0, 6.0, 5.0])
    monkeypatch.setattr(loop, "train_step", lambda _, __: {"loss": torch.tensor(next(losses))})
    monkeypatch.setattr(loop, "evaluate_now", lambda _: None)
    heard = Listener()
    fit(prepared(heard, train_steps_per_eval=100))
    assert [(event.step, event.values["loss"]) for event in heard.of("train")] == [(3, 3.0), (4, 5.0)]


def test_weights_move_towards_a_smaller_loss(prepared: Prepared) -> None:
    heard = Listener()
    fit(prepared(heard, max_steps=16, train_steps_per_eval=16, train_batch_size=4, initial_learning_rate=0.003))
    losses = [event.values["loss"] for event in heard.of("train")]
    assert sum(losses[-4:]) < 0.9 * sum(losses[:4])


def test_frozen_stages_and_the_average_follow_the_spec(prepared: Prepared) -> None:
    run = prepared(ema=0, frozen_stages=1)
    first = {name: value.clone() for name, value in run.state.model.named_parameters()}
    fit(run)
    moved = {name for name, value in run.state.model.named_parameters() if not torch.equal(value, first[name])}
    trained = {name for name, value in run.state.model.named_parameters() if value.requires_grad}
    # A level without a positive anchor gives its box norms no gradient.
    assert {name for name in trained if "box_head.norms" not in name} <= moved <= trained < first.keys()
    averaged = dict(run.state.average.named_parameters())
    assert all(torch.equal(value, averaged[name]) for name, value in run.state.model.named_parameters())


def test_gradients_are_clipped(prepared: Prepared, monkeypatch: pytest.MonkeyPatch) -> None:
    norms: list[float] = []
    step = torch.optim.SGD.step

    def measured(self: torch.optim.SGD, *args: Any, **kwargs: Any) -> Any:
        gradients = [p.grad for group in self.param_groups for p in group["params"] if p.grad is not None]
        norms.append(float(torch.nn.utils.get_total_norm(gradients)))
        return step(self, *args, **kwargs)

    monkeypatch.setattr(torch.optim.SGD, "step", measured)
    fit(prepared(optimizer_type="momentum", gradient_clip=0.01, max_steps=2, train_steps_per_eval=2))
    assert norms == pytest.approx([0.01, 0.01], rel=1e-3)


@pytest.mark.parametrize(
    ("kind", "step", "stop"),
    [
        ("step", 1, Stop.CANCELLED),
        ("step", 3, Stop.TIME_LIMIT),
        ("train", 3, Stop.CANCELLED),
        ("evaluation", 2, Stop.PRUNED),
    ],
)
def test_a_report_can_stop_the_run(prepared: Prepared, kind: str, step: int, stop: Stop) -> None:
    heard = Listener(lambda event: event.kind == kind and event.step == step, stop)
    run = prepared(heard, max_steps=6)
    assert fit(run) is stop
    assert run.state.progress.step == step
    assert [path.name for path in checkpoints(run.jobdir.checkpoints)][-1] == f"step_{step:08d}.safetensors"
    assert heard.of("train")[-1].step == step


@pytest.mark.parametrize("step", [2, 4])
def test_stopped_at_an_evaluation_it_is_made_up_for(prepared: Prepared, step: int) -> None:
    heard = Listener(lambda event: event.kind == "step" and event.step == step)
    run = prepared(heard)
    assert fit(run) is Stop.CANCELLED
    assert step not in [event.step for event in heard.of("evaluation")]
    heard.when = lambda _: False
    assert fit(run) is None
    assert [event.step for event in heard.of("evaluation")] == [2, 4]
    assert run.state.progress.evaluations == 2


@pytest.mark.parametrize("rate", ["1e30", "1e38"])
def test_a_loss_that_is_no_number_stops_the_run(prepared: Prepared, rate: str) -> None:
    run = prepared(
        max_steps=9, train_steps_per_eval=9, warmup_steps=0, optimizer_type="momentum", initial_learning_rate=rate
    )
    with pytest.raises(FloatingPointError) as stopped:
        fit(run)
    said = str(stopped.value)
    assert "the loss is nan at step 2 with learning rate " in said or "the loss is inf at step 2" in said
    assert f"try initial_learning_rate={float(rate) / 10:.3g}, more warmup_steps, or gradient_clip=10" in said
    assert checkpoints(run.jobdir.checkpoints) == []


def test_the_step_of_the_first_bad_loss_is_named(prepared: Prepared, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "LOG_EVERY", 10)
    losses = iter([1.0, 2.0, float("inf"), float("nan")])
    monkeypatch.setattr(loop, "train_step", lambda _, __: {"loss": torch.tensor(next(losses))})
    run = prepared(train_steps_per_eval=4, initial_learning_rate=0.25, warmup_steps=2, warmup_learning_rate=0.05)
    with pytest.raises(FloatingPointError, match="the loss is inf at step 3 with learning rate 0.25; try .*=0.025"):
        fit(run)


@pytest.fixture
def scripted(prepared: Prepared, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., tuple[Run, list[int]]]]:
    """Prepares a run of one step an evaluation, whose accuracies are given; and the steps whose weights were kept."""
    kept: list[int] = []

    def make(accuracies: list[float], metric: str = "AP", **changes: object) -> tuple[Run, list[int]]:
        left = iter(accuracies)
        heard = Listener()
        run = prepared(heard, max_steps=20, train_steps_per_eval=1, **changes)

        def measured(*_: Any, **__: Any) -> tuple[Any, list[Any]]:
            accuracy = next(left)
            nothing = Predictions(np.zeros((0, 4)), np.zeros(0), np.zeros(0, np.int64))
            values = {"AP": 0.5, "mAP": 0.5, metric: accuracy}
            return SimpleNamespace(values=lambda: values), [nothing] * len(run.validation)

        monkeypatch.setattr(loop, "evaluate", measured)
        monkeypatch.setattr(loop, "recompute_batch_norm", lambda *_: None)
        monkeypatch.setattr(loop, "train_step", lambda *_: {"loss": torch.tensor(1.0)})
        monkeypatch.setattr(TrainState, "save_best", lambda self, _: kept.append(self.progress.step))
        monkeypatch.setattr(loop, "save_checkpoint", lambda _: None)
        return run, kept

    yield make


@pytest.mark.parametrize(
    ("accuracies", "settings", "last", "best"),
    [
        # Two without improvement after the best at step 3.
        ([0.1, 0.2, 0.3, 0.3, 0.29, 0.9], {"patience": 2}, 5, 3),
        # The same, but not before the seventh evaluation.
        ([0.3, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2, 0.9], {"patience": 2, "min_evaluations": 7}, 7, 1),
        # Gains below the wanted one are kept as the best, and do not renew patience.
        ([0.1, 0.104, 0.108, 0.9], {"patience": 2, "min_improvement": 0.005}, 3, 3),
        # Gains of a tenth of the best before them renew it: 0.23 and 0.26 do, 0.27 does not.
        ([0.2, 0.2, 0.23, 0.23, 0.26, 0.27, 0.27, 0.9], {"patience": 2, "tolerance": 0.1}, 7, 6),
        # With nothing wanted, an equal value is no improvement.
        ([0.1, 0.1, 0.1, 0.9], {"patience": 2, "min_improvement": 0}, 3, 1),
        # Improvements in time renew it.
        ([0.1, 0.1, 0.2, 0.2, 0.3, 0.3, 0.3, 0.9], {"patience": 2}, 7, 5),
    ],
)
def test_early_stopping(
    scripted: Callable[..., tuple[Run, list[int]]],
    accuracies: list[float],
    settings: dict[str, float],
    last: int,
    best: int,
) -> None:
    options = {"min_evaluations": 0, "min_improvement": 0.001, **settings}
    run, kept = scripted(accuracies, **{f"early_stopping_{name}": value for name, value in options.items()})
    assert fit(run) is Stop.EARLY
    assert (run.state.progress.step, run.state.progress.best_step) == (last, best)
    assert kept[-1] == best
    # A run that is taken up again after it had stopped stays stopped.
    assert fit(run) is Stop.EARLY
    assert run.state.progress.step == last


def test_another_metric_can_choose_the_best(scripted: Callable[..., tuple[Run, list[int]]]) -> None:
    run, kept = scripted([0.1, 0.4, *[0.2] * 18], metric="mAP", best_metric="mAP")
    assert fit(run) is None
    assert (run.state.progress.best, run.state.progress.best_step, kept) == (0.4, 2, [1, 2])


@pytest.mark.parametrize("name", ["localization_loss", "validation_loss"])
def test_a_loss_chooses_the_best_by_falling(scripted: Callable[..., tuple[Run, list[int]]], name: str) -> None:
    """Falls of 0.05 and more renew patience: those to 0.9 and 0.6 do, that to 0.58 is only kept."""
    values = [2.0, 0.9, 1.5, 0.6, 0.58, 0.9, 0.1]
    settings = {"early_stopping_patience": 2, "early_stopping_min_evaluations": 0, "best_metric": name}
    run, kept = scripted(values, metric=name, early_stopping_min_improvement=0.05, **settings)
    assert fit(run) is Stop.EARLY
    assert (run.state.progress.step, run.state.progress.best, kept) == (6, 0.58, [1, 2, 4, 5])


def test_early_stopping_can_be_off_with_a_patience(scripted: Callable[..., tuple[Run, list[int]]]) -> None:
    run, _ = scripted([0.5, *[0.1] * 19], early_stopping_patience=1)
    evaluation = run.spec.evaluation.model_copy(update={"early_stopping": False, "early_stopping_min_evaluations": 0})
    run.spec = run.spec.model_copy(update={"evaluation": evaluation})
    assert fit(run) is None


def test_evaluations_hold_the_losses_of_the_validation_pictures(prepared: Prepared) -> None:
    heard = Listener()
    run = prepared(heard, ema=0, max_steps=1, eval_batch_size=4, overlap_threshold=0.3)
    fit(run)
    (event,) = heard.of("evaluation")
    model: Any = run.state.average
    model.eval()
    total: dict[str, float] = {}
    with torch.no_grad():
        for make, share in zip(evaluation_batches(run.validation, 6, (64, 96), 4), (4 / 6, 2 / 6), strict=True):
            batch = make()
            outputs = model(batch.images.permute(0, 3, 1, 2).float())
            losses = model.loss(outputs, Targets(batch.boxes, batch.labels), (64, 96))
            total = {name: total.get(name, 0.0) + share * float(value) for name, value in losses.items()}
    names = {"localization_loss": "box_loss", "classification_loss": "class_loss", "validation_loss": "loss"}
    assert {name: event.values[name] for name in names} == pytest.approx(
        {name: total[ours] for name, ours in names.items()}, rel=1e-4
    )
    assert (event.values["epoch"], heard.of("train")[0].values["epoch"]) == (0, 0)
    assert 0 <= event.values["mAP"] <= 1


def test_epochs_count_from_0(prepared: Prepared) -> None:
    run = prepared()  # 12 pictures, 2 a step
    run.state.progress.step = 6
    assert loop.epoch(run) == 0
    run.state.progress.step = 7
    assert loop.epoch(run) == 1


def test_without_patience_the_run_goes_on(scripted: Callable[..., tuple[Run, list[int]]]) -> None:
    run, kept = scripted([0.5, *[0.1] * 19])
    assert fit(run) is None
    assert (run.state.progress.step, run.state.progress.best_step, kept) == (20, 1, [1])


def test_the_first_weights_are_kept_even_where_nothing_is_labelled(
    scripted: Callable[..., tuple[Run, list[int]]],
) -> None:
    run, kept = scripted([-1.0] * 20)
    fit(run)
    assert kept == [1]
    assert run.state.progress.best_step == 1


def test_the_best_weights_are_those_that_were_measured(prepared: Prepared) -> None:
    run = prepared(max_steps=2)
    fit(run)
    assert (run.jobdir.checkpoints / BEST).exists()
    assert run.state.progress.best_step == 2
