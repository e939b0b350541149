"""Whether the shop works, for the operator's own checks. It names versions and sizes, and no secret and no person."""

from importlib.metadata import PackageNotFoundError, version

import structlog
from fastapi import APIRouter, Request
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import JSONResponse, Response

from auth.database import Scope
from frontend.errors import OK, UNAVAILABLE
from frontend.house import House, house_of
from shop.days_used import is_shop_spent

router = APIRouter()
log = structlog.get_logger(__name__)


@router.get("/health")
def show_health(request: Request) -> Response:
    """200 when the database answers, else 503."""
    house = house_of(request)
    size = _audit_size(house)
    body = {
        "status": "ok" if size is not None else "unavailable",
        "database": "ok" if size is not None else "away",
        "audit": {"size": size},
        "assistant": {
            "model": house.assistant.model_name,
            "is_resting": house.assistant.breaker.is_resting,
            "voters": list(house.assistant.voters),
            "day": _day(house),
        },
        "version": _version(),
    }
    return JSONResponse(body, OK if size is not None else UNAVAILABLE, headers={"Cache-Control": "no-store"})


def _audit_size(house: House) -> int | None:
    try:
        with house.database.read(Scope.own(None)) as session:
            return house.audit.head(session).size
    except (SQLAlchemyError, OSError) as error:
        log.error("the database does not answer", exc_info=error)
        return None


def _day(house: House) -> str:
    """Whether the shop's models may still be used today; how much is left is for the staff."""
    now = house.clock()
    try:
        with house.database.read(Scope.own(None)) as session:
            return "spent" if is_shop_spent(session, now, allowances=house.allowances) else "ok"
    except SQLAlchemyError:
        return "unknown"


def _version() -> str:
    try:
        return version("countersign")
    except PackageNotFoundError:
        return "unknown"
