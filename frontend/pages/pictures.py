"""Product pictures by kind and colour. An address always draws the same picture, so browsers may keep it for good."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from frontend.art import COLOURS, KINDS, picture
from frontend.errors import not_here

router = APIRouter()

_FOR_GOOD = {"Cache-Control": "public, max-age=31536000, immutable"}


@router.get("/art/{kind}/{colour}.svg")
def show_picture(kind: str, colour: str, seed: Annotated[str, Query(max_length=12)] = "0") -> Response:
    palette = COLOURS.get(colour)
    if kind not in KINDS or palette is None or not (seed.isascii() and seed.isdigit()):
        raise not_here()
    return Response(picture(kind, palette, seed=int(seed)), media_type="image/svg+xml", headers=_FOR_GOOD)
