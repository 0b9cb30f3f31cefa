"""Between the pages and the network: who may ask what, what is sent and kept, and the doors for data."""
