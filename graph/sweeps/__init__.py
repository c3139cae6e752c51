"""Sweeps: one part of a graph, run once for each of many settings of its widgets.

A sweep is an operation on graphs alone. What the settings do not touch is done once, and what several of them have in
common once for these.
"""
