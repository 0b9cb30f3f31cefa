"""The questions that the dashboard and the commands ask of a snapshot: one function per question.

Each takes a DuckDB cursor first (see `store.reader.Reader`) and gives plain typed rows, or an Arrow table where
there is one row per product. Values are always bound, never written into the SQL.
"""
