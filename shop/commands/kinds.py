"""The kinds of values that commands are made of, each with its bounds."""

from typing import Annotated

from pydantic import Field, StringConstraints

OrderNumber = Annotated[str, StringConstraints(min_length=1, max_length=20)]
Handle = Annotated[str, StringConstraints(min_length=1, max_length=80)]
Sku = Annotated[str, StringConstraints(min_length=1, max_length=60)]
PaymentReference = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_-]{3,79}$")]
Reason = Annotated[str, StringConstraints(min_length=1, max_length=500)]
Words = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
Line = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Quantity = Annotated[int, Field(ge=1, le=99)]
LineNumber = Annotated[int, Field(ge=1, le=99)]
