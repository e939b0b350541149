"""How a model is told that the customer is not signed in: by one line of the prompt, the same for every model."""

from typing import Final

SIGN_IN_PAGE: Final = "/sign-in"
SIGNED_OUT: Final = (
    "The customer is not signed in. You can help with the catalogue, the basket and the shop's rules. For orders, "
    f"addresses, payment cards and everything else about an account, ask them to sign in at {SIGN_IN_PAGE} first."
)
