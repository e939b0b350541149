"""The embedded assistant model: it understands by examples, keeps nothing, and needs no key, network or GPU."""
