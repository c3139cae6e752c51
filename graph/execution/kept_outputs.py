"""The outputs of the nodes of one job, each kept for as long as a node that is going to run may read it."""

from typing import Any

from graph.execution.plan import Step

Outputs = tuple[Any, ...]


class KeptOutputs:
    """Outputs by node id. With `keep` none is let go before the job ends."""

    def __init__(self, keep: bool) -> None:
        self._keep = keep
        self._outputs: dict[str, Outputs] = {}
        self._readers: dict[str, int] = {}

    def __contains__(self, id: str) -> bool:
        return id in self._outputs

    def expect(self, id: str, count: int = 1) -> None:
        """So many more are going to read a node's outputs."""
        self._readers[id] = self._readers.get(id, 0) + count

    def put(self, id: str, outputs: Outputs, keep: bool = False) -> None:
        """A node has given its outputs; if nobody is going to read them they are not kept, but for those to `keep`."""
        if keep:
            self._readers[id] = self._readers.get(id, 0) + 1
        if self._keep or self._readers.get(id):
            self._outputs[id] = outputs

    def get(self, id: str, slot: int) -> Any:
        """An output of a node."""
        return self._outputs[id][slot]

    def outputs(self, id: str) -> Outputs:
        """All outputs of a node."""
        return self._outputs[id]

    def release(self, id: str) -> None:
        """One of those that were expected has read: after the last the outputs are let go."""
        self._readers[id] -= 1
        if not self._readers[id] and not self._keep:
            self._outputs.pop(id, None)

    def expect_all(self, step: Step) -> None:
        """A step is going to read all that it is linked to, lazy inputs included."""
        for source, _ in step.links.values():
            self._readers[source] = self._readers.get(source, 0) + 1

    def release_all(self, step: Step) -> None:
        """A step has read all that it is going to."""
        for source, _ in step.links.values():
            self.release(source)
