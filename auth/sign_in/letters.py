"""The words of the mails of this floor. None repeats what a stranger typed, so none can carry a lure."""

from auth.mail import Mail
from auth.sign_in.entrance import Entrance


def confirm(entrance: Entrance, *, to: str, token: str) -> Mail:
    return Mail(
        to=to,
        subject=f"Confirm your address for {entrance.shop_name}",
        text=(
            f"Somebody, probably you, opened an account at {entrance.shop_name} with this address.\n\n"
            f"Confirm it within 24 hours, with the password chosen at registration:\n{entrance.confirm_link(token)}\n\n"
            "If it was not you, do nothing: without this step the account can't be used.\n"
        ),
    )


def already_registered(entrance: Entrance, *, to: str) -> Mail:
    return Mail(
        to=to,
        subject=f"You already have an account at {entrance.shop_name}",
        text=(
            f"Somebody, probably you, tried to register at {entrance.shop_name} with this address. "
            "You have an account already; nothing was changed.\n\n"
            f"Sign in: {entrance.origin}/sign-in\n"
            f"Forgot the password? {entrance.origin}/forgot\n"
        ),
    )


def reset(entrance: Entrance, *, to: str, token: str) -> Mail:
    return Mail(
        to=to,
        subject=f"Choose a new password for {entrance.shop_name}",
        text=(
            f"Somebody, probably you, asked for a new password at {entrance.shop_name}.\n\n"
            f"Choose one within 30 minutes:\n{entrance.reset_link(token)}\n\n"
            "If it was not you, do nothing: your password stays as it is.\n"
        ),
    )


def changed(entrance: Entrance, *, to: str, what: str) -> Mail:
    return Mail(
        to=to,
        subject=f"A change to your sign-in at {entrance.shop_name}",
        text=(
            f"On your account at {entrance.shop_name}, {what}.\n\n"
            f"If it was not you, choose a new password now: {entrance.origin}/forgot\n"
            f"and look through your sessions: {entrance.origin}/account/security\n"
        ),
    )


def copied_passkey(entrance: Entrance, *, to: str) -> Mail:
    return Mail(
        to=to,
        subject=f"One of your passkeys at {entrance.shop_name} may have been copied",
        text=(
            f"A passkey of your account at {entrance.shop_name} was used, and its counter was behind what we have seen "
            "of it before. That happens when a key was copied. We refused it, and nobody came in with it.\n\n"
            f"Look at your passkeys, and remove the one you used last: {entrance.origin}/account/security\n"
        ),
    )
