"""Top floor: the pages, and the joint of the house. Nobody imports it."""
