"""The tool that searches the web."""

from app.core.cancel import CancelToken
from app.core.json import JsonObject
from app.core.language import mark, tr
from app.core.messages import ToolSpec
from app.tools.search_web.providers import Hit, SearchChoice, search
from app.tools.tool import Tool

MOST = 10
_USUAL = 6
_SPEC = ToolSpec(
    "search_web",
    "Searches the web and returns titles, addresses and short excerpts. Use fetch_page to read a "
    "page that was found.",
    {
        "type": "object",
        "properties": {
            "query": {
                "type": "string",
                "minLength": 1,
                "maxLength": 400,
                "description": "What to search for, a few words.",
            },
            "count": {
                "type": "integer",
                "minimum": 1,
                "maximum": MOST,
                "description": f"How many results, {_USUAL} unless told otherwise.",
            },
        },
        "required": ["query"],
    },
)


def make_search_web(choice: SearchChoice) -> Tool:
    """Its scope is who is asked."""

    def run(arguments: JsonObject, cancel: CancelToken) -> str:
        query = _query(arguments)
        return told(query, find(choice, query, _count(arguments), cancel))

    def described(arguments: JsonObject) -> tuple[str, ...]:
        return (
            tr("Sends these words to {host}:", host=choice.host()),
            _query(arguments),
        )

    return Tool(
        _SPEC,
        run,
        "network",
        lambda _arguments: choice.host(),
        described,
        unavailable=choice.missing,
        title=mark("Search the web"),
    )


def find(choice: SearchChoice, query: str, most: int, cancel: CancelToken) -> list[Hit]:
    """Raises ToolFailure, Cancelled."""
    from app.tools.web.client import WebClient  # loads the network library
    from app.tools.web.line import Reach

    return search(choice, WebClient(Reach(trusted=choice.trusted())), query, most, cancel)


def told(query: str, hits: list[Hit]) -> str:
    """The results in words for the model."""
    if not hits:
        return f"Nothing was found for: {query}"
    blocks = []
    for number, hit in enumerate(hits, 1):
        lines = [f"{number}. {hit.title}", f"   {hit.address}"]
        if text := " · ".join(filter(None, (hit.age, hit.text))):
            lines.append(f"   {text}")
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


def _query(arguments: JsonObject) -> str:
    return " ".join(str(arguments["query"]).split())


def _count(arguments: JsonObject) -> int:
    value = arguments.get("count")
    return int(value) if isinstance(value, int | float) else _USUAL
