"""The audit log's kinds and names, in the words of the person whose account it is."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

# Each command as its owner would call it.
ACTIONS: Mapping[str, str] = MappingProxyType(
    {
        "SearchProducts": "Search the catalogue",
        "ShowProduct": "Look at a product",
        "CompareProducts": "Compare products",
        "RecommendProducts": "Recommend products",
        "ReadReviews": "Read reviews",
        "ShowBasket": "Look at the basket",
        "ListOrders": "List the orders",
        "ShowOrder": "Look at an order",
        "ShowInvoice": "Look at an invoice",
        "TrackOrder": "Track an order",
        "ListAddresses": "List the addresses by their labels",
        "ListPaymentMethods": "List the payment cards",
        "ReadShopPolicy": "Read the shop's rules",
        "AddToBasket": "Put something into the basket",
        "ChangeBasketLine": "Change the basket",
        "Reorder": "Buy an order again",
        "WriteReview": "Write a review",
        "AskForPerson": "Ask for a person",
        "TakeBackCard": "Take back a card",
        "RenameConversation": "Rename a conversation",
        "DeleteConversation": "Delete a conversation",
        "ExportConversation": "Take a conversation away",
        "RateAnswer": "Rate an answer",
        "PlaceOrder": "Place an order",
        "CancelOrder": "Cancel an order",
        "RefundOrder": "Get money back",
        "ChangeOrderAddress": "Send an order elsewhere",
        "ChangeOrderItem": "Change an item of an order",
        "ChangeOrderPayment": "Pay an order with another card",
        "SaveAddress": "Save an address",
        "RemoveAddress": "Remove an address",
        "AddPaymentMethod": "Add a payment card",
        "RemovePaymentMethod": "Remove a payment card",
        "ShowPreferences": "Look at what mails you get",
        "ChangePreferences": "Change what mails you get",
        "ShowSecurity": "Look at how the account is protected",
        "ListSessions": "Look where you are signed in",
        "EndSessions": "Sign out everywhere else",
        "ShowMyData": "Look at what is kept about you",
        "ExportMyData": "Make a file of your data",
        "DeleteAccount": "Delete the account",
        "ReadConversation": "Read a conversation",
        "ReadCustomerOrder": "Look at an order",
        "ReadRequest": "Look at what you signed",
        "TakeConversation": "Take over a conversation",
        "AnswerCustomer": "Answer in a conversation",
        "HandBackConversation": "Hand a conversation back",
        "ShipOrder": "Send an order",
        "MarkDelivered": "Note a delivery",
        "ReturnItems": "Send something back",
        "ExchangeItem": "Exchange something",
        "ClaimWarranty": "Claim under the warranty",
        "ReportParcel": "Report a parcel",
        "WithdrawCase": "Withdraw a return or a claim",
        "RefundStatus": "Look at what became of returns and refunds",
        "ShowCase": "Look at a return or a claim",
        "ReadCustomerCase": "Look at a return or a claim",
        "ReviewCase": "Look at a case before another clerk goes on with it",
        "ReceiveReturn": "Note that a return has arrived",
        "SendExchange": "Send what something was exchanged for",
        "DecideCase": "Decide on a claim",
        "NoteFromCarrier": "Keep a carrier's note",
        "StopAssistant": "Switch the assistant off",
        "LetAssistantGoOn": "Let the assistant go on",
        "CompromiseModel": "Let the attacker answer the chats",
        "ReviewApproval": "Review a request",
        "Approve": "Confirm a card",
        "Decline": "Decline a card",
    }
)

# Events that belong to no command: signing in and keeping the account. (title, what happened)
EVENTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "sign_in.succeeded": ("Sign in", "Signed in."),
        "sign_in.refused": ("Sign in", "An attempt to sign in failed."),
        "sign_in.too_many": ("Sign in", "Too many attempts to sign in; further ones were stopped for a while."),
        "step_up.succeeded": ("Fresh proof", "A fresh code or passkey was accepted."),
        "step_up.refused": ("Fresh proof", "A code or passkey was not accepted."),
        "code.too_many": ("Fresh code", "Too many codes were tried; further ones were stopped for a while."),
        "session.revoked": ("Sessions", "A session was ended."),
        "register.waiting": ("Registration", "The account waits for its address to be confirmed."),
        "register.known_address": ("Registration", "Somebody tried to register your address again."),
        "email.confirmed": ("Registration", "The e-mail address was confirmed."),
        "reset.requested": ("Password", "A link to set a new password was asked for."),
        "password.changed": ("Password", "The password was changed."),
        "password.change_refused": ("Password", "A change of the password was refused."),
        "password.too_many": ("Password", "Too many wrong passwords; further ones were stopped for a while."),
        "password.shown": ("Password", "The password was typed again and was right."),
        "password.show_refused": ("Password", "The password was typed again and was wrong."),
        "outside.recognised": ("Sign in elsewhere", "An identity elsewhere was shown and belongs to this account."),
        "outside.refused": ("Sign in elsewhere", "An answer from elsewhere was refused."),
        "outside.opened": ("Registration", "The account was opened by signing in elsewhere."),
        "outside.known_address": (
            "Sign in elsewhere",
            "Somebody signed in elsewhere with your address. It opens nothing until you link it yourself.",
        ),
        "outside.linked": ("Sign in elsewhere", "An identity elsewhere was linked to the account."),
        "outside.unlinked_all": ("Sign in elsewhere", "Every identity elsewhere was taken away."),
        "outside.unlinked": ("Sign in elsewhere", "An identity elsewhere was taken away."),
        "outside.unlink_refused": ("Sign in elsewhere", "The last way into the account was not taken away."),
        "register.given_up": ("Registration", "A registration that was never confirmed ended."),
        "totp.enrolment_started": ("Authenticator", "Setting up an authenticator was begun."),
        "totp.enrolment_refused": ("Authenticator", "Setting up an authenticator was refused: the password was wrong."),
        "totp.enrolled": ("Authenticator", "The authenticator was set up."),
        "totp.removed": ("Authenticator", "The authenticator was removed."),
        "totp.remove_refused": ("Authenticator", "Removing the authenticator was refused: the password was wrong."),
        "totp.replayed": ("Authenticator", "A code was shown a second time and refused."),
        "totp.refused": ("Authenticator", "A code was not accepted."),
        "device.new": ("Devices", "A device that had not been seen before signed in."),
        "device.forgotten": ("Devices", "The devices that were known were forgotten."),
        "mail.change_asked": ("E-mail address", "Another e-mail address was asked for."),
        "mail.change_refused": ("E-mail address", "A change of the address was refused: the password was wrong."),
        "mail.agreed": ("E-mail address", "One of the two addresses agreed to the change."),
        "mail.change_cancelled": ("E-mail address", "The change of the address was stopped."),
        "mail.changed": ("E-mail address", "The e-mail address was changed."),
        "factors.reset_asked": (
            "Lost second factor",
            "Somebody with the password said it is lost; three days began.",
        ),
        "factors.reset_cancelled": ("Lost second factor", "The request to go on without it was stopped."),
        "factors.disowned": ("Two-step sign-in", "It was taken off, because it was not you who had set it up."),
        "factors.reset": ("Lost second factor", "After three days two-step sign-in was taken off."),
        "passkey.added": ("Passkeys", "A passkey was added."),
        "passkey.adding_refused": ("Passkeys", "Adding a passkey was refused: the password was wrong."),
        "passkey.used": ("Passkeys", "A passkey was shown and accepted."),
        "passkey.refused": ("Passkeys", "A passkey was not accepted."),
        "passkey.counter_went_back": ("Passkeys", "A passkey was refused: its counter went back, as a copy's would."),
        "passkey.renamed": ("Passkeys", "A passkey was given another name."),
        "passkey.removed": ("Passkeys", "A passkey was removed."),
        "passkey.remove_refused": ("Passkeys", "Removing a passkey was refused: the password was wrong."),
        "recovery_codes.made": ("Recovery codes", "New recovery codes were made."),
        "recovery_code.used": ("Recovery codes", "A recovery code was used up."),
        "recovery_code.refused": ("Recovery codes", "A recovery code was not accepted."),
        "app.connected": ("Connected apps", "You gave an app leave to act for you."),
        "app.declined": ("Connected apps", "An app asked for leave to act for you, and you said no."),
        "app.disconnected": ("Connected apps", "You disconnected an app."),
        "app.gave_back": ("Connected apps", "An app gave its leave back."),
        "app.exchanged": ("Connected apps", "An app passed a small part of its leave on, for ten minutes."),
        "app.code_replayed": ("Connected apps", "An app's code was used twice, so its leave was ended."),
        "app.code_misused": (
            "Connected apps",
            "An app's code came from elsewhere or too late, so its leave was ended.",
        ),
        "app.refresh_replayed": ("Connected apps", "An app's token was used in two places, so its leave was ended."),
        "conversation.taken": ("Conversation", "A clerk took over your conversation."),
        "conversation.answered": ("Conversation", "A clerk answered you."),
        "conversation.handed_back": ("Conversation", "The clerk handed your conversation back to the assistant."),
        "conversation.exported": ("Conversation", "A conversation was taken away as a file."),
        "conversation.moved": ("Conversation", "What you had said before signing in came along into your account."),
        "conversation.deleted": ("Conversation", "A conversation was deleted."),
        "model.compromised": ("The chats", "The attacker was let in, to see what stops it."),
        "model.restored": ("The chats", "The usual model answers again."),
        "tool.refused": ("A step of the assistant", "The assistant tried what it may not do, and was stopped."),
        "text.struck": ("A sentence of the assistant", "It was taken out: no record stood behind it."),
        "text.withheld": ("A message to the model", "Personal details were taken out before the model saw it."),
        "model.stood_in": ("An answer of the assistant", "The built-in model gave it in place of the usual one."),
        "allowance.spent": ("An answer of the assistant", "What its models may use in a day was used up."),
        "turn.failed": ("An answer of the assistant", "It broke off. Nothing was changed without your signature."),
    }
)

CHANNELS: Mapping[str, str] = MappingProxyType(
    {
        "page": "on a page of the shop",
        "chat": "in the chat",
        "api": "through a program",
        "mcp": "through a program",
        "staff": "at the staff desk",
        "house": "in the shop itself",
    }
)


def in_words(kind: str, body: Mapping[str, Any]) -> str:
    """One event as a sentence. A kind that nobody has put into words yet is shown by its name."""
    match kind:
        case "command.proposed":
            return "Prepared it and asked the desk." if "act" in body else "Asked for it."
        case "command.decided":
            return _decided(body.get("needs") or [])
        case "command.awaiting":
            return f"Put it on a card that waits for {_waits_for(body.get('needs') or [])}."
        case "command.confirmed":
            return "Confirmed the card."
        case "command.claimed":
            return "Passed it on to the payment service."
        case "command.executed":
            return "Carried it out."
        case "command.verified":
            return "Read the record again: it is as it should be."
        case "command.failed":
            return str(body.get("says") or "It did not work.")
        case "command.reviewed":
            return "Looked at it and agreed."
        case "command.declined":
            return "Said no. Nothing was changed."
        case "command.withdrawn":
            return "Took the card back. Nothing was changed."
        case "command.expired":
            return "The card ran out. Nothing was changed."
        case "command.superseded":
            return "What the card was about had changed, or was asked for otherwise, so a new card was made."
        case "command.refused":
            return _refused(body)
        case "record.read":
            return "Looked at it."
    return EVENTS[kind][1] if kind in EVENTS else kind.replace("_", " ").replace(".", ": ")


def _decided(needs: Sequence[str]) -> str:
    return f"The rules allow it, with {_waits_for(needs)}." if needs else "The rules allow it."


def _waits_for(needs: Sequence[str]) -> str:
    words = {"confirmation": "your confirmation", "second_factor": "a fresh code from you", "review": "a clerk's look"}
    named = [words[need] for need in words if need in needs]
    return " and ".join([", ".join(named[:-1]), named[-1]] if len(named) > 1 else named) or "its turn"


def _refused(body: Mapping[str, Any]) -> str:
    before = body.get("unwritten_before") or 0
    again = f" The same was refused {before} more times in the minute before." if before else ""
    return f"Refused: {body.get('says') or 'the rules do not allow it.'}{again}"
