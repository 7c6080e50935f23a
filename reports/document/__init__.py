"""What a page is made of: blocks, pictures, numbers as text."""
