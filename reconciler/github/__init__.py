"""The GitHub Action: inputs and an event in, a run, and what GitHub shows of it, out."""
