"""A network adapted inside the training part, and a booster on its embeddings."""
