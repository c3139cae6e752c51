"""From prompts to conditioning: weight syntax, tokens, embeddings, hidden states."""
