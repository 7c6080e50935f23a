"""The page: it shows what the Python face says, and decides nothing."""
