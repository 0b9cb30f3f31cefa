"""Maps, spaces and groups of products, made without reading any category."""
