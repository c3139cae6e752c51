"""The part of a graph that a sweep runs again and again: the nodes before one of its links."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from graph.context import GraphView
from graph.execution.order import depth_first
from graph.folders import Folders
from graph.places import Places, titles
from graph.prompt import Link, Prompt, link_of, literal
from graph.schema import Schema, alias_entry, file_choices, files_kind, object_info
from graph.sweeps.errors import SweepError
from graph.validation.type_checks import type_name
from graph.workflow_error import NotThereError

Place = tuple[str, str]
"""A node's id, and the name of one of its inputs."""
Config = Sequence[Any]
"""What an input takes, as schemas have it: `[type, options]`."""


def nodes_before(graph: GraphView, links: Sequence[Link]) -> Prompt:
    """The nodes that links come from, sources first. Raises KeyError for a link from nowhere."""
    nodes: dict[str, dict[str, Any]] = {}

    def sources(id: str) -> list[str]:
        nodes[id] = graph.node(id)
        return [found[0] for value in nodes[id]["inputs"].values() if (found := link_of(value))]

    return {id: nodes[id] for id in depth_first([link[0] for link in links], sources).nodes}


def names_of(id: str, node: Mapping[str, Any]) -> list[str]:
    """By what targets may name a node of a prompt, beside what its type is called."""
    return [id, *titles(node), str(node.get("class_type"))]


class Part:
    """The nodes that a link comes from, sources first, with what their inputs take."""

    def __init__(self, graph: GraphView, link: Link, folders: Folders) -> None:
        """Raises KeyError for a link from nowhere."""
        self.link = link
        self.folders = folders
        self._whole = graph
        self.nodes: Prompt = nodes_before(graph, [link])
        self.schemas: dict[str, Schema] = {}
        for id, node in self.nodes.items():
            if node["class_type"] not in self.schemas:
                self.schemas[node["class_type"]] = _schema(graph, id, node["class_type"])

    @classmethod
    def before(cls, graph: GraphView, node: str, name: str, folders: Folders) -> "Part | None":
        """The part that an input of a node comes from; None if it is not linked."""
        link = link_of(graph.node(node)["inputs"].get(name))
        return cls(graph, link, folders) if link else None

    def find(self, target: str) -> Place:
        """The place that a text like `Sampler.cfg` means. Raises SweepError."""
        try:
            (found,) = Places(self.nodes, self.schemas).assignments({target: ""})
        except NotThereError as error:
            raise SweepError(str(error).replace("those of the workflow that run", "those before this one")) from None
        if self.config((found.node, found.input)) is None:
            raise SweepError(f"'{target}' is no widget: it takes a link. Choose another one.")
        return found.node, found.input

    def config(self, place: Place) -> Config | None:
        """What a place takes; None if that is no value that could be written."""
        node, name = place
        schema = self._schema(node)
        groups = schema["input"]
        config = groups["required"].get(name) or groups.get("optional", {}).get(name) or schema.get("variadic")
        return config if config and type_name(config[0]) in ("INT", "FLOAT", "STRING", "BOOLEAN", "COMBO") else None

    def literal(self, place: Place) -> Any:
        """The value of a place; None where it is linked or has none."""
        value = self.nodes[place[0]]["inputs"].get(place[1])
        return None if link_of(value) else literal(value)

    def title(self, node: str) -> str:
        """What people call a node."""
        named = (self.nodes[node].get("_meta") or {}).get("title")
        return str(named or self._schema(node)["display_name"])

    def display(self, node: str) -> str:
        """The node on which the editor shows what a node does."""
        return self._whole.display(node)

    def seeds(self) -> list[Place]:
        """The seeds that have a value, in order."""
        return [place for place, options in self._written("INT") if options.get("control_after_generate")]

    def prompts(self) -> dict[Place, str]:
        """The texts of several lines, as prompts are, in order."""
        texts = {place: self.literal(place) for place, options in self._written("STRING") if options.get("multiline")}
        return {place: text for place, text in texts.items() if isinstance(text, str)}

    def choices(self, config: Config) -> list[str]:
        """What can be chosen for an input that is a choice."""
        options = config[1] if len(config) > 1 else {}
        if files_kind(options):
            return file_choices(options, self.folders)
        return [str(each) for each in (config[0] if isinstance(config[0], list) else options.get("options", ()))]

    def pixels(self, values: Mapping[Place, Any]) -> int:
        """The area of the largest latent that a size is written for, in pixels of pictures; 0 without any."""
        areas = [0]
        for id in self.nodes:
            if "LATENT" in self._schema(id)["output"]:
                width, height = (values.get((id, side), self.literal((id, side))) for side in ("width", "height"))
                areas.append(width * height if isinstance(width, int) and isinstance(height, int) else 0)
        return max(areas)

    def _schema(self, node: str) -> Schema:
        return self.schemas[self.nodes[node]["class_type"]]

    def _written(self, kind: str) -> list[tuple[Place, Mapping[str, Any]]]:
        """The places of a type that have a value, with their options."""
        found = []
        for id, node in self.nodes.items():
            for name, value in node["inputs"].items():
                config = self.config((id, name))
                if config and config[0] == kind and not link_of(value):
                    found.append(((id, name), config[1] if len(config) > 1 else {}))
        return found


def _schema(graph: GraphView, id: str, class_type: str) -> Schema:
    spec = graph.spec(id)
    if spec.inputs_now:
        spec = replace(spec, inputs=spec.inputs_now())
    return alias_entry(spec, class_type) if class_type in spec.aliases else object_info(spec)
