"""One module a section, and the pages they make."""
