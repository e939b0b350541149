"""Why a program gets no token: an error code of the RFCs, a sentence for its author, and the status (RFC 6749 §5.2)."""

from dataclasses import dataclass
from typing import Final

INVALID_REQUEST: Final = "invalid_request"
INVALID_CLIENT: Final = "invalid_client"
INVALID_GRANT: Final = "invalid_grant"
INVALID_SCOPE: Final = "invalid_scope"
INVALID_TARGET: Final = "invalid_target"
UNAUTHORIZED: Final = "unauthorized_client"
UNSUPPORTED_GRANT: Final = "unsupported_grant_type"


@dataclass(frozen=True, slots=True)
class OAuthRefused:
    """The sentence is fixed text: nothing of what was sent is repeated in it."""

    error: str
    sentence: str

    @property
    def status(self) -> int:
        return 401 if self.error == INVALID_CLIENT else 400
