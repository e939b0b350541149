"""First floor: what is for sale and what may happen to it. No HTTP, no model."""
