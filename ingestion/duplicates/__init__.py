"""Products that are listed more than once: exact duplicates and near-duplicates, by text and by image."""
