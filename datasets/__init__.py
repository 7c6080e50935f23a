"""Images in: manifest, decoding, preparation, sources, splits, audit, phantom."""
