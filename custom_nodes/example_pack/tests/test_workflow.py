from pathlib import Path

WORKFLOW = Path(__file__).parents[1] / "workflows" / "Pictures and lists.json"


def test_the_workflow_makes_a_picture_and_a_list(run_graph, bench):
    assert run_graph(WORKFLOW)["7"] == "1. a red heart\n2. a green heart\n3. a blue heart"
    assert [path.suffix for path in bench.folders.output.iterdir()] == [".png"]
