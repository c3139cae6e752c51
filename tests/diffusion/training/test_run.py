"""Runs on disk: what a crash, a full disk or somebody else's file leave, and how two runs are told apart."""

from dataclasses import dataclass, replace

import pytest
import torch

from diffusion.hypernetwork import Hypernetwork, Perceptron
from diffusion.sampling.noise_schedule import NoiseSchedule
from diffusion.sampling.parameterization import Epsilon, Velocity
from diffusion.training.identity import fingerprint
from diffusion.training.optimizers import new_optimizer
from diffusion.training.run import Run
from diffusion.training.trainer import Step
from diffusion.weights import WeightsError


@dataclass
class Learner:
    """What a run knows of a trainer."""

    parameters: dict[str, torch.nn.Parameter]
    optimizer: torch.optim.Optimizer
    average: None = None

    def learn(self, steps: int) -> None:
        for _ in range(steps):
            self.optimizer.zero_grad()
            sum(parameter.sin().sum() for parameter in self.parameters.values()).backward()
            self.optimizer.step()

    def values(self) -> list[torch.Tensor]:
        return [parameter.detach().clone() for parameter in self.parameters.values()]


def learner(size: int = 3) -> Learner:
    parameters = {"a": torch.nn.Parameter(torch.ones(size)), "b": torch.nn.Parameter(torch.zeros(2, 2))}
    return Learner(parameters, new_optimizer("AdamW", [{"params": list(parameters.values()), "lr": 0.1}]))


@pytest.fixture
def run(tmp_path) -> Run:
    return Run.open(tmp_path / "run", {})


def test_a_snapshot_that_cannot_be_taken_changes_nothing(run):
    """Of a group more than the optimizer has, as of a run of another version."""
    two = learner()
    two.optimizer.add_param_group({"params": [torch.nn.Parameter(torch.ones(1))]})
    two.learn(2)
    run.save(two, 5)
    fresh = learner()
    before = fresh.values()
    assert run.resume(fresh, 10) == 0
    assert all(map(torch.equal, fresh.values(), before))


def test_a_snapshot_of_other_shapes_is_not_spread_over_the_parameters(run):
    small = learner(1)
    small.learn(1)
    run.save(small, 1)
    fresh = learner()
    assert run.resume(fresh, 10) == 0
    assert torch.equal(fresh.values()[0], torch.ones(3))


def test_of_older_snapshots_one_is_kept(run):
    one = learner()
    for steps in (2, 4, 6, 8):
        one.learn(2)
        run.save(one, steps)
    assert run.snapshots() == [6, 8]


def test_a_full_disk_is_told_and_leaves_the_snapshot_before(run, monkeypatch):
    one = learner()
    run.save(one, 1)

    def full(tensors, path, metadata):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("diffusion.training.run.save_file", full)
    with pytest.raises(WeightsError, match=r"cannot be written .*No space left"):
        run.save(one, 2)
    assert run.snapshots() == [1]
    assert not list(run.folder.glob("*.part"))


def test_a_line_that_was_cut_off_costs_no_other_line(run):
    first, second = (Step(number, 0.5, {"猫": 0.5}, 0.1, 1.0) for number in (0, 1))
    run.log(first)
    with (run.folder / "log.jsonl").open("a") as file:
        file.write('\n{"number": 1, "lo')
    run.log(second)
    assert run.steps() == [first, second]


def test_names_that_are_no_text_are_written_down(tmp_path):
    assert Run.open(tmp_path / "run", {"pictures": ["caf\udce9.png", "猫.png"]}).folder.is_dir()
    assert "猫.png" in (tmp_path / "run" / "settings.json").read_text("utf-8")


def test_what_makes_another_run_has_another_fingerprint(tiny):
    def hypernetwork(value: float) -> Hypernetwork:
        layer = Perceptron(((torch.full((2, 2), value), None),), torch.relu, False)
        return Hypernetwork({2: (layer, layer)})

    schedule = NoiseSchedule.scaled_linear()
    values = [
        Epsilon(schedule),
        Velocity(schedule),
        Epsilon(NoiseSchedule.scaled_linear(0.001)),
        hypernetwork(1.0),
        hypernetwork(2.0),
        replace(hypernetwork(2.0), strength=0.5),
        tiny.clip.encoders[0].style,
        replace(tiny.clip.encoders[0].style, layer=-2),
        {"word": torch.ones(2)},
        {"word": torch.zeros(2)},
        [torch.relu],
        [torch.tanh],
        None,
        -2,
    ]
    found = [fingerprint(value) for value in values]
    assert len(set(found)) == len(values)
    used = hypernetwork(1.0)
    used._on(torch.zeros(1))  # which keeps copies for the device
    assert fingerprint(used) == found[3]
    assert fingerprint(Epsilon(NoiseSchedule.scaled_linear())) == found[0]
