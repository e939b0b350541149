"""The omniscient attacker: a model that knows every number and rule by heart and tries whatever a model can try.

It takes the place of the assistant's model, and of nothing else: the graph, its walls, the tools and the desk around it
are the ones that every model works in. It exists to be watched; see ``countersign drill compromised-model``.
"""

from agent.compromised.attempts import Attempt
from agent.compromised.families import FAMILIES, draw
from agent.compromised.knowledge import Knowledge
from agent.compromised.model import COMPROMISED, CompromisedModel, Tried

__all__ = ["COMPROMISED", "FAMILIES", "Attempt", "CompromisedModel", "Knowledge", "Tried", "draw"]
