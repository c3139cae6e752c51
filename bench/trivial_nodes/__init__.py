"""Nodes for `bench.node_overhead`."""
