"""Networks that learn from images."""
