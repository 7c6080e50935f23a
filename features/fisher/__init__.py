"""Fisher vectors: which local gradients an image holds, against a vocabulary of a fold's images."""
