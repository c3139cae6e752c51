"""`comfy_execution`: what nodes that look at the graph, or extend it while it runs, import."""
