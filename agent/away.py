"""Why a hosted model gave no answer: told by a code that holds nobody's words, whatever package raised the error."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isfinite

from langchain_core.exceptions import ModelConnectionError, ModelTimeoutError

# Request timeout, conflict, too early, too many requests (RFC 9110 §15.5, RFC 8470, RFC 6585): worth another try.
PASSING = frozenset({408, 409, 425, 429})


class Away(Exception):
    """No answer, or not the whole of it. ``code`` is fit for a log: ``timeout``, ``status-429``, ``cut`` and so on.

    ``is_passing``: another try may succeed. ``is_ours``: the request itself was refused, so the provider is not to
    blame. ``retry_after_s``: how long the provider asked us to wait. ``said``: the text that had been passed on.
    ``says``: what the customer is told instead of that the model does not answer.
    """

    def __init__(
        self, code: str, *, is_passing: bool = False, is_ours: bool = False, retry_after_s: float = 0, says: str = ""
    ) -> None:
        super().__init__(code)
        self.code, self.is_passing, self.is_ours = code, is_passing, is_ours
        self.retry_after_s, self.said, self.says = retry_after_s, "", says


def away_from(error: Exception) -> Away:
    """What an error of a provider's package means. A wait that ran out is not repeated: the customer waits already."""
    status = _status(error)
    if isinstance(error, TimeoutError | ModelTimeoutError):
        return Away("timeout")
    if status is not None and status >= 400:
        is_passing = status in PASSING or status >= 500
        # A wrong key or name (401, 403, 404) is no passing matter, and it concerns every customer alike.
        is_ours = not is_passing and status not in {401, 402, 403, 404}
        return Away(f"status-{status}", is_passing=is_passing, is_ours=is_ours, retry_after_s=_retry_after_s(error))
    # Which HTTP library a provider's package brings differs; their transport errors are told by the name.
    is_line = any(kind.__name__ in {"TransportError", "APIConnectionError"} for kind in type(error).__mro__)
    if is_line or isinstance(error, OSError | ModelConnectionError):
        return Away("connection", is_passing=True)
    if isinstance(error, ValueError) or any(kind.__name__ == "APIError" for kind in type(error).__mro__):
        return Away("malformed", is_passing=True)
    return Away(f"error-{type(error).__name__}")


def _status(error: Exception) -> int | None:
    found = getattr(error, "status_code", None) or getattr(error, "code", None)
    return found if isinstance(found, int) else None


def _retry_after_s(error: Exception) -> float:
    """Seconds from the header ``Retry-After`` (RFC 9110 §10.2.3: seconds or a date); 0 without one."""
    headers = getattr(getattr(error, "response", None), "headers", None)
    text = str(headers.get("retry-after") or "") if headers is not None else ""
    try:
        seconds = float(text)
    except ValueError:
        seconds = _seconds_to(text)
    return max(0.0, seconds) if isfinite(seconds) else 0.0


def _seconds_to(date: str) -> float:
    try:
        return (parsedate_to_datetime(date).astimezone(UTC) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError):
        return 0.0
