"""Which product is meant, and which of its options: by name, by "the second one", by the page, by colour or size."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from agent.local.filling import OFFERED, Filling, Run
from agent.local.fills.lines import order_rows
from agent.local.naming import named_rows
from agent.local.options import fitting
from agent.local.outcomes import part
from agent.local.replies import listed, variant_line
from agent.local.slots import Mentions, matching, rows_in
from agent.local.tasks import Ask, Said
from agent.local.wares import OF_THEM, foremost
from agent.local.wording import fold, singulars

THIS = frozenset({"this", "dieses", "diese"})
LIKE = frozenset({"like", "similar", "alike", "resembling", "wie", "aehnlich", "aehnliche", "aehnliches"})
APART = re.compile(
    r"\s*(?:,|/|&|\+|;|\bversus\b|\bvs\.?|\band\b|\bwith\b|\bor\b|\bto\b|\bund\b|\bmit\b|\boder\b)\s*", re.I
)
IN_OPTION = re.compile(r"\b(?:in|colour|color|farbe)\s+(\w+)")
COMPARED = frozenset({"lighter"})
MOST = 4  # products that are compared at once


def fill_product(f: Filling) -> Run:
    """The handle of the product, searched for when the conversation does not know it."""
    m = next((m for m in f.heard if m.items), f.heard[0])
    known = f.memory.products
    if m.superlative and len(known) > 1 and set(m.items) <= COMPARED | _options_said(f):
        # "The lighter one in pine" is no lighter and no pine.
        return str(foremost(known, m.superlative)["handle"])
    if (about := f.task.page.get("product") or f.memory.product) and (yield from _is_option_only(f, m, about)):
        return about
    if len(m.items) == 1 and not known:
        m = _named_before(f, m)
    if m.items and (found := matching(known, m, f.reader.words)) and len(found) == 1:
        return str(found[0]["handle"])
    loose = named_rows(known, f.texts[0], f.reader) if known and not m.items and f.texts else []
    if len(loose) == 1:
        return str(loose[0]["handle"])
    if not m.items and m.superlative and known:
        said = f.memory.last.said[-1] if f.memory.last else ""
        pool = matching(known, Mentions(items=f.reader.read(said).items), f.reader.words) or known
        return str(foremost(pool, m.superlative)["handle"])
    if not m.items and m.position is not None and known:
        return str(known[min(m.position, len(known) - 1)]["handle"])
    page = f.task.page.get("product")
    about = page or f.memory.product
    if about and (not m.items or (page and THIS & set(m.words))):
        return about
    if not m.items and len(known) == 1:
        return str(known[0]["handle"])
    if not m.items and len(known) > 1 and f.intent.changes:
        having = yield from _having_option(f, known)
        if having is not None:
            return having
    said = f.answer or ("" if m.pronoun else f.task.said[-1])
    words = _of_names(f, f.texts[0]) or " ".join(m.items) or f.reader.query(said)
    if not words:
        return f.ask(*_choices(known)) if known else None
    return (yield from _searched(f, m, words))


def _options_said(f: Filling) -> set[str]:
    return set(IN_OPTION.findall(" ".join(f.reader.words.split(f.texts[0])))) if f.texts else set()


def _of_names(f: Filling, said: str) -> str:
    """The name of the one product of which two words stand in a message: "the wren house sounds good"."""
    rows = [{"name": name} for name in f.reader.product_names]
    said_words = set(f.reader.words.split(said))
    found = [row["name"] for row in named_rows(rows, said, f.reader)]
    hits = len(set(f.reader.words.split(found[0])) & said_words) if len(found) == 1 else 0
    return found[0] if hits > 1 else ""


def _having_option(f: Filling, known: Sequence[Mapping[str, Any]]) -> Run:
    """The only one of a few products that comes in what was said: "add that, in straw"; None where that is not one."""
    if "show_product" not in f.tools or len(known) > MOST:
        return None
    having = []
    for product in known:
        rows = yield from _options(f, str(product["handle"]))
        if isinstance(rows, list) and len(rows) > 1 and fitting(rows, f.texts[0], f.heard[0], f.reader):
            having.append(str(product["handle"]))
    return having[0] if len(having) == 1 else None


def _is_option_only(f: Filling, m: Mentions, about: str) -> Run:
    """Whether what sounds like another thing is an option of the product at hand: "one in pine"."""
    said = IN_OPTION.findall(" ".join(m.words))
    if not m.items or not set(m.items) <= set(said) or "show_product" not in f.tools:
        return False
    rows = yield from _options(f, about)
    names = (
        {part for row in rows for part in f.reader.words.split(str(row.get("name", "")))}
        if isinstance(rows, list)
        else ()
    )
    return set(m.items) <= set(names)


def _named_before(f: Filling, m: Mentions) -> Mentions:
    """ "That pot", where a message before said which: "the bothy pot"."""
    before = (f.reader.read(text) for text in reversed(f.memory.heard))
    return next((b for b in before if m.items[0] in b.items and len(b.items) > 1), m)


def fill_products(f: Filling) -> Run:
    """Two to four handles: the ones that are named, or what was shown last ("compare them", "the first two")."""
    # "Which of the two is lighter?" asks for no lighter.
    named = [word for text in f.texts for word in APART.split(text) if set(f.reader.read(word).items) - COMPARED]
    if OF_THEM.search(fold(f.task.said[-1])) and len(f.memory.products) > 1:
        named = []
    handles: list[str] = []
    for words in named[:MOST]:
        found = yield from _searched(f, f.reader.read(words), " ".join(f.reader.read(words).items), sole=True)
        if isinstance(found, str):
            handles.append(found)
        elif isinstance(found, Said) and found.key != "no_product":
            return found
    page = f.task.page.get("product") or f.memory.product
    if len(set(handles)) == 1 and page:
        handles = [page, *handles]
    if not named and len(f.memory.products) >= 2:
        most = next((m.quantity for m in f.heard if m.quantity), None) or MOST
        handles = [str(row["handle"]) for row in f.memory.products[: max(2, min(most, MOST))]]
    chosen = list(dict.fromkeys(handles))
    return chosen if len(chosen) >= 2 else f.ask(*_choices(f.memory.products))


def fill_like(f: Filling) -> Run:
    """The product that something similar is wanted to; None unless the words ask for likeness."""
    if not LIKE & set(f.heard[0].words):
        return None
    m, about = f.heard[0], f.task.page.get("product") or f.memory.product
    if not m.items:
        return about
    found = yield from _searched(f, m, " ".join(m.items), sole=True)
    return found if isinstance(found, str) else None


def fill_variant(f: Filling) -> Run:
    """The sku of the option of the product that was found before; None when the product has no options."""
    if "show_product" not in f.tools:
        return None
    rows = yield from _options(f, str(f.args["product"]))
    if not isinstance(rows, list):
        return rows
    if len(rows) <= 1:
        return str(rows[0]["sku"]) if rows else None
    return _fitting(_beside_name(f, rows), rows) or _fitting(f, rows) or f.ask(*_offers(rows))


def _beside_name(f: Filling, rows: Sequence[Mapping[str, Any]]) -> Filling:
    """The same with each option's word once less where several were said: "pine tar candles, copper" are of copper."""
    names = {part for row in rows for part in f.reader.words.split(str(row.get("name", "")))}
    first = f.texts[0] if f.texts else ""
    said = [word for word in f.reader.words.split(first) if word in names]
    products = {part for part in said if f.reader.is_in_name(part) and len(said) > 1}
    if not products or products >= set(said):
        return f
    left = re.sub(rf"\b(?:{'|'.join(map(re.escape, sorted(products)))})\b", " ", first, count=1, flags=re.I)
    return replace(f, texts=(left, *f.texts[1:]), heard=(f.reader.read(left), *f.heard[1:]))


def fill_option(f: Filling) -> Run:
    """The sku of another option of the product on the line: what it is now is no choice."""
    if f.out_of_season():
        return None
    lines = yield from order_rows(f)
    if not isinstance(lines, list):
        return lines
    line = next((row for row in lines if row["line"] == f.args.get(f.slot.of)), None)
    if line is None:
        return None
    rows = yield from _options(f, str(line.get("handle") or line.get("name")))
    if not isinstance(rows, list):
        return rows
    others = [row for row in rows if str(row.get("name", "")).casefold() != str(line.get("variant", "")).casefold()]
    if not others:
        return Said("no_other_option", {"item": str(line.get("name", ""))})
    return _fitting(f, others, now=str(line.get("variant", "")), all_rows=rows) or f.ask(*_offers(others))


def _fitting(f: Filling, rows: list[Any], *, now: str = "", all_rows: Sequence[Any] = ()) -> str | None:
    answer = f.answer.casefold()
    exact = [
        row for row in rows if answer and answer in {str(row.get("name", "")).casefold(), str(row["sku"]).casefold()}
    ]
    for text, m in zip(f.texts, f.heard, strict=True):
        fit = exact or fitting(rows, text, m, f.reader, now=now, ladder=all_rows)
        if len(fit) == 1:
            return str(fit[0]["sku"])
    return None


def _options(f: Filling, product: str) -> Run:
    result = yield from f.look("show_product", {"product": product})
    if isinstance(result, Said):
        return result
    return [row for row in rows_in(part(result, "product"), "variants") if isinstance(row.get("sku"), str)]


def _offers(rows: Sequence[Mapping[str, Any]]) -> tuple[dict[str, str], tuple[str, ...]]:
    names = tuple(str(row.get("name") or row["sku"]) for row in rows[:OFFERED])
    return {"variants": listed(variant_line(row) for row in rows)}, names


def _choices(products: Sequence[Mapping[str, Any]]) -> tuple[dict[str, str], tuple[str, ...]]:
    names = tuple(str(product.get("name")) for product in products[:OFFERED])
    return ({"products": listed(names)} if names else {}), names


def _holds(name: str, m: Mentions, f: Filling) -> bool:
    forms = {form for part in f.reader.words.split(name) for form in singulars(part)}
    return set(m.items) <= forms or not forms & set(m.items)


def _searched(f: Filling, m: Mentions, words: str, *, sole: bool = False) -> Run:
    """The product by its words; with ``sole`` the best of several, else a question."""
    known = matching(f.memory.products, replace(m, colours=()), f.reader.words) if sole else []
    # "The Longhouse Four tent" is no other tent that was shown: all that is said of it must be in its name.
    if len(known) == 1 and _holds(str(known[0].get("name")), m, f):
        return str(known[0]["handle"])
    result = yield from f.look("search_products", {"query": words})
    if isinstance(result, Said):
        return result
    found = [p for p in rows_in(result, "products") if isinstance(p.get("handle"), str)]
    best = matching(found, m, f.reader.words) or found
    if not best:
        return Said("no_product")
    if len(best) == 1 or sole:
        return str(best[0]["handle"])
    asked: Ask | None = f.ask(*_choices(best))
    return asked
