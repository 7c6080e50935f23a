"""Boosters and networks behind one scikit-learn face, and the bundle they are saved in."""
