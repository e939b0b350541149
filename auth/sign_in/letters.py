"""The words of the mails of this floor. None repeats what a stranger typed, so none can carry a lure."""

from datetime import UTC, datetime

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


def first_factor(entrance: Entrance, *, to: str, what: str, disown: str) -> Mail:
    told = "If it was not you, tell whoever runs the shop at once.\n"
    if disown:
        told = (
            "If it was NOT you, take it off within seven days; it signs everybody out, and your password ends too:\n"
            f"{entrance.decision_link(disown)}\n"
            f"and then choose a new password: {entrance.origin}/forgot\n"
        )
    return Mail(
        to=to,
        subject=f"A change to your sign-in at {entrance.shop_name}",
        text=f"On your account at {entrance.shop_name}, {what}. From now on signing in takes it.\n\n{told}",
    )


def password_changed(entrance: Entrance, *, to: str, gone: str, stays: str) -> Mail:
    """``gone`` and ``stays`` name ways to sign in; empty where there are none."""
    told = changed(entrance, to=to, what="the password was changed")
    removed = f"Removed with it: {gone}. Link what is yours again, after signing in.\n" if gone else ""
    left = f"Beside the new password, these still belong to the account: {stays}.\n" if stays else ""
    return Mail(to=to, subject=told.subject, text="\n".join(part for part in (told.text, removed, left) if part))


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


def new_device(entrance: Entrance, *, to: str, device: str, network: str, at: datetime) -> Mail:
    return Mail(
        to=to,
        subject=f"A new device signed in at {entrance.shop_name}",
        text=(
            f"On {_moment(at)} a device we had not seen before signed in to your account at {entrance.shop_name}: "
            f"{device}, from {network or 'an unknown network'}.\n\n"
            "If it was you, there is nothing to do.\n"
            f"If it was not, choose a new password now, which signs every device out: {entrance.origin}/forgot\n"
        ),
    )


def mail_change_old(entrance: Entrance, *, to: str, agree: str, cancel: str) -> Mail:
    return Mail(
        to=to,
        subject=f"Another address for your account at {entrance.shop_name}?",
        text=(
            f"Somebody, probably you, wants to use another e-mail address for your account at {entrance.shop_name}.\n\n"
            f"If it was you, agree within 24 hours:\n{entrance.decision_link(agree)}\n\n"
            f"If it was not, stop it here:\n{entrance.decision_link(cancel)}\n"
            f"and choose a new password: {entrance.origin}/forgot\n\n"
            "Without your agreement nothing changes.\n"
        ),
    )


def mail_change_new(entrance: Entrance, *, to: str, agree: str) -> Mail:
    return Mail(
        to=to,
        subject=f"Use this address at {entrance.shop_name}?",
        text=(
            f"Somebody, probably you, wants to use this address for an account at {entrance.shop_name}.\n\n"
            f"If it was you, agree within 24 hours:\n{entrance.decision_link(agree)}\n\n"
            "If it was not, do nothing: without your agreement nothing changes.\n"
        ),
    )


def address_is_taken(entrance: Entrance, *, to: str) -> Mail:
    return Mail(
        to=to,
        subject=f"You already have an account at {entrance.shop_name}",
        text=(
            f"Somebody wants to use this address for another account at {entrance.shop_name}. You have an account with "
            "it already; nothing was changed, and there is nothing to do.\n"
        ),
    )


def mail_change_waits(entrance: Entrance, *, to: str, at: datetime, cancel: str) -> Mail:
    return Mail(
        to=to,
        subject=f"Your address at {entrance.shop_name} changes on {_moment(at)}",
        text=(
            f"Both addresses have agreed. From {_moment(at)} on, your account at {entrance.shop_name} "
            "uses the new one.\n\n"
            f"If that is wrong, stop it before then:\n{entrance.decision_link(cancel)}\n"
        ),
    )


def mail_change_given_up(entrance: Entrance, *, to: str) -> Mail:
    return Mail(
        to=to,
        subject=f"Your address at {entrance.shop_name} stays as it is",
        text=(
            f"Your account at {entrance.shop_name} was to use another e-mail address from today on. Meanwhile another "
            "account has that address, so yours keeps this one.\n\n"
            f"To use a different address, ask again: {entrance.origin}/account/security\n"
        ),
    )


def factor_reset(entrance: Entrance, *, to: str, at: datetime, cancel: str, finish: str, method: str) -> Mail:
    who, known = "Somebody who knows your password", "yours is known"
    if method != "pwd":
        who, known = "Somebody who signs in to your account from elsewhere", "that also removes every linked identity"
    how = ""
    if finish:
        how = (
            f"If it was you: from {_moment(at)} on, for a week, this link takes two-step sign-in off:\n"
            f"{entrance.decision_link(finish)}\n\n"
        )
    return Mail(
        to=to,
        subject=f"Somebody says your second factor at {entrance.shop_name} is lost",
        text=(
            f"{who} says that they have lost the phone and the recovery codes of your "
            f"account at {entrance.shop_name}, and wants to sign in without them.\n\n"
            f"If it was NOT you, stop it now:\n{entrance.decision_link(cancel)}\n"
            f"and choose a new password, because {known}: {entrance.origin}/forgot\n\n"
            f"{how}"
            "Until then nothing changes. Signing in with your phone, a passkey or a recovery code stops it as well.\n"
        ),
    )


def _moment(at: datetime) -> str:
    at = at.astimezone(UTC)
    return f"{at.day} {at:%B %Y, %H:%M} UTC"
