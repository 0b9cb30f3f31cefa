"""Maps, spaces and groups of products, made without ever seeing a category."""
