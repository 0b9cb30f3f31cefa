"""The embedded compact encoders: their weights and cards (weights/), and the recipes that made them."""
