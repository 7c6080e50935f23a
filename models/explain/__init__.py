"""What a decision rests on, and where on the image."""
