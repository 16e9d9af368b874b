"""Training: experiments, runs, history, conditions and replay."""
