"""From a catalogue to a published snapshot: read, check, clean, embed, project, cluster, score, judge."""
