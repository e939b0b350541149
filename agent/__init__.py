"""Second floor: the assistant. It may ask, it may not decide."""
