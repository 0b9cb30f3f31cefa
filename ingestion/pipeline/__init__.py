"""From a catalogue to a published snapshot: the plan of steps, what is stale, where they run."""
