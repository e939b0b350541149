"""The door for software: the same desk, policies and audit as the pages, with bearer tokens, JSON and no cookie.

Every operation is one entry of a table (:mod:`frontend.api.operations`); doors, document and the page about them are
made from it. No operation signs: what changes money, orders or addresses waits for the customer on a page.
"""

from frontend.api.doors import add_api

__all__ = ["add_api"]
