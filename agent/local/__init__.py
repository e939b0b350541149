"""The embedded assistant model: it understands by examples, keeps nothing, and needs no key, network or GPU."""

from agent.local.model import EmbeddedModel

__all__ = ["EmbeddedModel"]
