"""Who lives at the demo's identity provider: one person for each way an arrival at the shop can go."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """``note`` says on the provider's page what choosing this person shows."""

    subject: str
    name: str
    email: str
    is_checked: bool
    note: str


PEOPLE = (
    DemoPerson(
        "demo-1001",
        "Wilma Fernhollow",
        "wilma.fernhollow@example.com",
        True,
        "Nobody at the shop yet. The address is checked here, so the shop opens an account at once.",
    ),
    DemoPerson(
        "demo-1002",
        "Otto Kelpgarden",
        "otto.kelpgarden@example.org",
        False,
        "The address was never checked here, so the shop sends a letter first.",
    ),
    DemoPerson(
        "demo-1003",
        "Ida Quillfeather",
        "ida.quillfeather@example.com",
        True,
        "A customer of the shop. An address alone opens no account there: sign in as Ida, then link this one.",
    ),
)
