"""The declarations of the tables, by subject; `store.tables` holds them all."""
