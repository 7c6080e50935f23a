"""What a bundle knows of the pictures that its model was trained on."""
