"""Nodes without torch, for tests of the server: quick ones, slow ones, and ones that go wrong."""
