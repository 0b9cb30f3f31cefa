"""The built-in sample catalogue: texts and drawn images."""
