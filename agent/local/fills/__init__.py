"""How each kind of slot is filled: a table from the name in an intent's file to the function that does it."""

from collections.abc import Callable, Mapping

from agent.local.filling import Filling, Run
from agent.local.fills.choices import fill_address, fill_record, fill_topic
from agent.local.fills.lines import fill_items, fill_line
from agent.local.fills.orders import fill_order
from agent.local.fills.products import fill_like, fill_option, fill_product, fill_products, fill_variant
from agent.local.fills.words import (
    fill_date,
    fill_email,
    fill_query,
    fill_reason,
    fill_summary,
    fill_words,
    mentioned,
)

WAYS: Mapping[str, Callable[[Filling], Run]] = {
    "order": fill_order,
    "items": fill_items,
    "line": fill_line,
    "product": fill_product,
    "products": fill_products,
    "like": fill_like,
    "variant": fill_variant,
    "option": fill_option,
    "address": fill_address,
    "record": fill_record,
    "topic": fill_topic,
    "reason": fill_reason,
    "words": fill_words,
    "date": fill_date,
    "email": fill_email,
    "query": fill_query,
    "summary": fill_summary,
    "quantity": mentioned("quantity"),
    "max_price": mentioned("price"),
    "status": mentioned("status"),
    "category": mentioned("category"),
}
