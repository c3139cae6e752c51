"""Training: pictures and captions, what is made trainable, the objective, and runs that can be stopped and resumed."""
