"""The feature store: immutable Parquet, published as one snapshot, seen as DuckDB tables."""
