"""The graph engine: documents, declared nodes, validation, planning, caching, execution, jobs and workers.

Nothing here knows what a node computes: no torch, no web framework, no built-in node is imported.
"""
