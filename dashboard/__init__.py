"""The multi-page Dash app: reads a snapshot of the store, never writes one."""
