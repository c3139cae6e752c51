"""Documents of the editor: reading them, compiling them to prompts, subgraphs."""
