"""The catalogue as it comes: its rows, texts and images, read, checked and cleaned."""
