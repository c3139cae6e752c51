"""The nodes, run as Safelight runs them: `python3 launch.py pack test new_pack`."""

from pathlib import Path

import pytest
import torch

from graph.workbench import RefusedError

WORKFLOW = Path(__file__).parents[1] / "workflows" / "new_pack.json"
GREY = torch.full((1, 4, 4, 3), 0.5)


@pytest.mark.parametrize(("amount", "red", "blue"), [(0.0, 0.5, 0.5), (0.5, 0.75, 0.25), (-1.0, 0.0, 1.0)])
def test_warmth_trades_blue_for_red(run_node, amount, red, blue):
    image = run_node("NewPackWarmth", image=GREY, amount=amount)
    torch.testing.assert_close(image[0, 0, 0], torch.tensor([red, 0.5, blue]))


def test_the_given_picture_is_left_as_it_was(run_node, pack):
    run_node(pack.warmth, image=GREY, amount=1.0)
    assert (GREY == 0.5).all()


def test_too_much_is_refused(run_node):
    with pytest.raises(RefusedError, match="amount"):
        run_node("NewPackWarmth", image=GREY, amount=2.0)


def test_the_workflow_makes_a_picture(run_graph, bench):
    run_graph(WORKFLOW)
    assert [path.suffix for path in bench.folders.output.iterdir()] == [".png"]
