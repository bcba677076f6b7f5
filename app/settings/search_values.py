"""Who is asked when a model searches the web."""

from typing import Literal, get_args

from app.core.json import JsonValue

SearchProvider = Literal["", "searxng", "brave"]
PROVIDERS: tuple[tuple[SearchProvider, str], ...] = (
    ("", "Nobody: no web search"),
    ("searxng", "An instance of SearXNG"),
    ("brave", "Brave Search"),
)


def read_provider(value: JsonValue) -> tuple[SearchProvider, list[str]]:
    for provider in get_args(SearchProvider):
        if value == provider:
            return provider, []
    raise ValueError("is not a search provider that is known")
