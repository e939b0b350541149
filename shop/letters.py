"""The shop's own letters about orders and leaving; those about signing in are written by ``auth.sign_in.letters``."""

from dataclasses import dataclass

from auth.mail import Letter


@dataclass(frozen=True, slots=True)
class LetterHead:
    """``origin`` is the shop's own address, such as ``https://shop.example``, never taken from a request."""

    shop_name: str = "the shop"
    origin: str = ""

    def sent(self, number: str, tracking: str) -> Letter:
        """An order is with the carrier. It comes whatever somebody has switched off: they paid for it."""
        return Letter(
            f"Your order {number} is on its way",
            f"Your order {number} at {self.shop_name} is with the carrier. Tracking: {tracking}\n\n"
            f"Everything about it: {self.origin}/orders/{number}\n",
        )

    def asks_for_review(self, number: str) -> Letter:
        """An order has arrived, for people who want to be asked how it was."""
        return Letter(
            f"Your order {number} has arrived. How is it?",
            f"The carrier says that your order {number} is with you. If you like, tell others what you think of it: "
            f"you find the things at {self.origin}/orders/{number}, and on each one's page a place to write.\n\n"
            f"You get this because you switched it on. Switch it off: {self.origin}/account/preferences\n",
        )

    def app_asks(self, app: str, what: str, *, path: str, minutes: int) -> Letter:
        """An app that acts for somebody has prepared something. It comes always: only its owner can sign."""
        return Letter(
            f"{app} asks you to sign something at {self.shop_name}",
            f"{app}, an app that you have given leave to act for you at {self.shop_name}, asks for this:\n\n"
            f"    {what}\n\n"
            "Nothing has changed yet, and nothing will unless you sign. Look at it and decide, within "
            f"{minutes} minutes: {self.origin}{path}\n\n"
            f"If you did not expect this, say no on that page, and take the app's leave back in your account: "
            f"{self.origin}/account/apps\n",
        )

    def goodbye(self) -> Letter:
        """An account is deleted; the last letter there is."""
        return Letter(
            f"Your account at {self.shop_name} is deleted",
            f"As you asked, your account at {self.shop_name} is deleted, and every device is signed out. Your name, "
            "addresses, conversations and cards can no longer be read by anybody. What you bought stays in our books "
            "without your name, because the law asks for it.\n\n"
            "This address is free again: you may register with it whenever you like. "
            "If it was not you, answer this mail at once.\n",
        )
