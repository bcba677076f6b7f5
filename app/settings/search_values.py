"""Who is asked when a model searches the web."""

from typing import Literal, get_args

from app.core.json import JsonValue
from app.core.language import mark

SearchProvider = Literal["", "searxng", "brave"]
PROVIDERS: tuple[tuple[SearchProvider, str], ...] = (
    ("", mark("Nobody: no web search")),
    ("searxng", mark("An instance of SearXNG")),
    ("brave", mark("Brave Search")),
)


def read_provider(value: JsonValue) -> tuple[SearchProvider, list[str]]:
    for provider in get_args(SearchProvider):
        if value == provider:
            return provider, []
    raise ValueError("is not a search provider that is known")
