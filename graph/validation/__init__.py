"""What is wrong with a prompt, found before anything runs."""
