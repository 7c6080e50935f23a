"""A quarter of an hour on a GPU, used fully: what to measure there is decided here, before it."""
