"""Safelight's fixtures for packs: run_node, run_graph, bench, pack, pocket."""

pytest_plugins = ["graph.pytest_plugin"]
