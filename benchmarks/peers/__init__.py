"""Other libraries on the same table and folds, each in its own environment; see README.md."""
