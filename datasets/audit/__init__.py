"""What is broken, duplicated, leaking or contradictory in a manifest."""
