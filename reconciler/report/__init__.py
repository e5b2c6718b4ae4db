"""Results in, text out: pure functions of plans, outcomes, drift and diagnostics."""
