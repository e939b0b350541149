"""What a log may hold of an exception in a turn: its type and the places it went through, never values.

Messages and local variables of such an exception hold what the customer said, or a provider's answer to it.
"""

import traceback
from pathlib import Path

PLACES = 4


def trouble(error: BaseException) -> dict[str, str]:
    """The type, and the innermost places as ``file:line``, innermost last."""
    frames = traceback.extract_tb(error.__traceback__)[-PLACES:]
    places = " > ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames)
    return {"error": type(error).__name__, "places": places}
