"""How well the groups match the categories: scores, intervals, probes and verdicts."""
