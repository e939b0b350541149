"""The mails about signing in with somebody else. None repeats what a provider or a stranger has written."""

from auth.mail import Mail
from auth.sign_in.entrance import Entrance
from auth.sign_in.outside.providers import Provider


def confirm_address(entrance: Entrance, provider: Provider, *, to: str, token: str) -> Mail:
    link = f"{entrance.origin}/sign-in/with/{provider.key}/confirm/{token}"
    return Mail(
        to=to,
        subject=f"Confirm your address for {entrance.shop_name}",
        text=(
            f"Somebody, probably you, signed in at {entrance.shop_name} with {provider.name} and gave this address.\n\n"
            f"Confirm it within 24 hours, by signing in with {provider.name} once more:\n{link}\n\n"
            "If it was not you, do nothing: without this step the account can't be used.\n"
        ),
    )


def opened(entrance: Entrance, provider: Provider, *, to: str) -> Mail:
    return Mail(
        to=to,
        subject=f"Your account at {entrance.shop_name}",
        text=(
            f"An account was opened at {entrance.shop_name} by signing in with {provider.name}.\n\n"
            f"To give it a password as well, or if this was not you: {entrance.origin}/forgot\n"
        ),
    )


def linked(entrance: Entrance, provider: Provider, *, to: str) -> Mail:
    return _changed(entrance, to=to, what=f"signing in with {provider.name} was added")


def unlinked(entrance: Entrance, name: str, *, to: str) -> Mail:
    return _changed(entrance, to=to, what=f"signing in with {name} was removed")


def _changed(entrance: Entrance, *, to: str, what: str) -> Mail:
    return Mail(
        to=to,
        subject=f"A change to your sign-in at {entrance.shop_name}",
        text=(
            f"On your account at {entrance.shop_name}, {what}.\n\n"
            f"If it was not you, choose a new password now: {entrance.origin}/forgot\n"
            f"and look through how you sign in: {entrance.origin}/account/security\n"
        ),
    )
