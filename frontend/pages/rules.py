"""The shop's own rules, word for word; and how the shop is guarded, read from the policies that guard it."""

from dataclasses import dataclass

import nh3
from fastapi import APIRouter, Request
from markdown_it import MarkdownIt
from markupsafe import Markup
from starlette.responses import Response

from auth.guard.decisions import Need
from auth.guard.judge import Rule
from auth.web.asking import Visitor
from frontend.errors import go_to, not_here
from frontend.house import house_of
from frontend.render import render
from shop.rules import rule_pages

router = APIRouter()


@router.get("/policies")
def show_policies(request: Request, actor: Visitor) -> Response:
    return render(request, "shop/rules.html", actor=actor, rules=rule_pages(), rule=None, texts=())


@router.get("/policies/{topic}")
def show_policy(request: Request, actor: Visitor, topic: str) -> Response:
    rule = next((page for page in rule_pages() if page.topic == topic), None)
    if rule is None:
        raise not_here()
    texts = [(section, as_html(section.text)) for section in rule.sections]
    return render(request, "shop/rules.html", actor=actor, rules=rule_pages(), rule=rule, texts=texts)


@router.get("/rules")
def show_rules() -> Response:
    return go_to("/policies")


@router.get("/rules/{topic}")
def show_rule(topic: str) -> Response:
    # Sections of the rules name themselves so; browsers carry the part after "#" along.
    if topic not in {page.topic for page in rule_pages()}:
        raise not_here()
    return go_to(f"/policies/{topic}")


@router.get("/guarded")
def show_guarded(request: Request, actor: Visitor) -> Response:
    judge = house_of(request).desk.judge
    rules = [_told(rule) for rule in sorted(judge.rules.values(), key=lambda rule: rule.policy)]
    return render(request, "shop/guarded.html", actor=actor, rules=rules, version=judge.version)


@dataclass(frozen=True, slots=True)
class ToldRule:
    """A policy as a page tells it. ``unless`` is what would make it give way, in words."""

    area: str
    policy: str
    says: str
    allows: bool
    unless: str


_UNLESS = {
    Need.CONFIRMATION: "your signature",
    Need.SECOND_FACTOR: "a fresh code",
    Need.REVIEW: "a clerk’s review",
}


def _told(rule: Rule) -> ToldRule:
    area, unless = rule.policy.partition(".")[0], "" if rule.needs is None else _UNLESS[rule.needs]
    return ToldRule(area, rule.policy, rule.says, rule.effect == "permit", unless)


def as_html(markdown: str) -> Markup:
    """Markdown as safe HTML. The rules are our own files; they are cleaned all the same, because a fork edits them."""
    html = MarkdownIt("js-default", {"html": False}).render(markdown)
    return Markup(nh3.clean(html))  # noqa: S704 - nh3 has just cleaned it
