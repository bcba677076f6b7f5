"""What is known about the models of the GLM family, each fact with where it is from."""

import functools
import json
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar
from urllib.parse import urlsplit

from app.core.errors import KnownError
from app.core.language import tr
from app.core.paths import resources_dir

T = TypeVar("T")
# measured: printed by a program or read in a primary file; computed: from the dimensions, checked
# against a printed total; quoted: somebody's word.
How = Literal["measured", "computed", "quoted"]
_HOWS: dict[str, How] = {"measured": "measured", "computed": "computed", "quoted": "quoted"}


@dataclass(frozen=True)
class Fact(Generic[T]):
    """source: where it was seen, in words."""

    value: T
    how: How
    source: str


@dataclass(frozen=True)
class Architecture:
    """gguf: llama.cpp's name for it. layers: without the MTP ones. kv_heads, head_length: None
    where the attention is compressed. experts: 0 for a dense model."""

    kind: str
    gguf: str
    layers: int
    mtp_layers: int
    dense_layers: int
    experts: int
    experts_used: int
    shared_experts: int
    heads: int
    kv_heads: int | None
    head_length: int | None
    hidden: int
    attention: str

    @property
    def mixture_of_experts(self) -> bool:
        return self.experts > 0


@dataclass(frozen=True)
class Sampling:
    """A set of parameters by llama.cpp's names, for a kind of use."""

    use: str
    parameters: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Result:
    """unit: "%" or "points". source: None for its set's."""

    name: str
    value: float
    unit: str
    note: str
    how: How
    source: str


@dataclass(frozen=True)
class BenchmarkSet:
    """Results that were measured in the same way. thinking: None where that is not stated."""

    key: str
    title: str
    thinking: bool | None
    source: str
    results: tuple[Result, ...]

    def find(self, name: str) -> Result | None:
        return next((result for result in self.results if result.name == name), None)


@dataclass(frozen=True)
class Link:
    title: str
    url: str


@dataclass(frozen=True)
class Downloads:
    """Of the makers' repository in thirty days. as_of: ISO 8601."""

    value: int
    as_of: str
    source: str


@dataclass(frozen=True)
class Card:
    """repository: the makers'. repositories: of GGUF files, the usual one first. released: as
    exactly as it is known, ISO 8601."""

    name: str
    maker: str
    repository: str
    about: str
    tags: tuple[str, ...]
    parameters: Fact[int] | None
    active_parameters: Fact[int] | None
    context_tokens: Fact[int] | None
    released: Fact[str] | None
    licence: Fact[str] | None
    architecture: Fact[Architecture] | None
    sampling: Fact[tuple[Sampling, ...]] | None
    remarks: tuple[str, ...]
    links: tuple[Link, ...]
    repositories: tuple[str, ...]
    downloads: Downloads | None
    benchmarks: tuple[BenchmarkSet, ...]


@dataclass(frozen=True)
class Cards:
    """collected: the last day of what is in it, ISO 8601. cards: the default one first."""

    collected: str
    cards: tuple[Card, ...]

    def find(self, name: str) -> Card | None:
        return next((card for card in self.cards if card.name.lower() == name.lower()), None)

    def of_repository(self, repo: str) -> Card | None:
        """Whose files a repository holds, where the cards say so."""
        wanted = repo.lower()
        return next(
            (
                card
                for card in self.cards
                if wanted in {name.lower() for name in (card.repository, *card.repositories)}
            ),
            None,
        )


@functools.cache
def shipped_cards() -> Cards:
    """Raises KnownError when the file is damaged."""
    path = resources_dir() / "cards.json"
    try:
        return read_cards(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise KnownError(
            tr("The descriptions of the models cannot be used."),
            tr("Their file is missing or damaged."),
            tr("Install GLM Launcher again."),
            f"{path}: {type(error).__name__}: {error}",
        ) from error


def read_cards(text: str) -> Cards:
    """Raises ValueError, KeyError or TypeError when the text is not what it should be."""
    value = json.loads(text)
    sources: dict[str, str] = value["sources"]
    return Cards(value["collected"], tuple(_card(entry, sources) for entry in value["models"]))


def _card(entry: dict[str, Any], sources: dict[str, str]) -> Card:
    return Card(
        name=entry["name"],
        maker=entry["maker"],
        repository=entry["repository"],
        about=entry["about"],
        tags=tuple(entry["tags"]),
        parameters=_fact(entry["parameters"], sources),
        active_parameters=_fact(entry["active_parameters"], sources),
        context_tokens=_fact(entry["context_tokens"], sources),
        released=_fact(entry["released"], sources),
        licence=_fact(entry["licence"], sources),
        architecture=_architecture(entry["architecture"], sources),
        sampling=_sampling(entry["sampling"], sources),
        remarks=tuple(entry["remarks"]),
        links=tuple(Link(link["title"], _https(link["url"])) for link in entry["links"]),
        repositories=tuple(entry["repositories"]),
        downloads=_downloads(entry["downloads"], sources),
        benchmarks=tuple(_benchmark_set(each, sources) for each in entry["benchmarks"]),
    )


def _how(value: str) -> How:
    """Raises KeyError."""
    return _HOWS[value]


def _fact(entry: dict[str, Any] | None, sources: dict[str, str]) -> Fact[Any] | None:
    if entry is None:
        return None
    return Fact(entry["value"], _how(entry["how"]), sources[entry["source"]])


def _architecture(
    entry: dict[str, Any] | None, sources: dict[str, str]
) -> Fact[Architecture] | None:
    if entry is None:
        return None
    made = Architecture(
        kind=entry["kind"],
        gguf=entry["gguf"],
        layers=entry["layers"],
        mtp_layers=entry["mtp_layers"],
        dense_layers=entry["dense_layers"] or 0,
        experts=entry["experts"] or 0,
        experts_used=entry["experts_used"] or 0,
        shared_experts=entry["shared_experts"] or 0,
        heads=entry["heads"],
        kv_heads=entry["kv_heads"],
        head_length=entry["head_length"],
        hidden=entry["hidden"],
        attention=entry["attention"] or "",
    )
    return Fact(made, _how(entry["how"]), sources[entry["source"]])


def _sampling(
    entry: dict[str, Any] | None, sources: dict[str, str]
) -> Fact[tuple[Sampling, ...]] | None:
    if entry is None:
        return None
    sets = tuple(
        Sampling(
            advice["use"],
            tuple((name, float(value)) for name, value in advice.items() if name != "use"),
        )
        for advice in entry["advice"]
    )
    return Fact(sets, _how(entry["how"]), sources[entry["source"]])


def _downloads(entry: dict[str, Any] | None, sources: dict[str, str]) -> Downloads | None:
    if entry is None:
        return None
    return Downloads(int(entry["value"]), entry["as_of"], sources[entry["source"]])


def _benchmark_set(entry: dict[str, Any], sources: dict[str, str]) -> BenchmarkSet:
    source = sources[entry["source"]]
    results = tuple(
        Result(
            each["name"],
            float(each["value"]),
            each.get("unit", "%"),
            each.get("note", ""),
            _how(each["how"]),
            sources[each["source"]] if "source" in each else source,
        )
        for each in entry["results"]
    )
    return BenchmarkSet(entry["key"], entry["title"], entry["thinking"], source, results)


def _https(url: str) -> str:
    if urlsplit(url).scheme != "https" or not urlsplit(url).hostname:
        raise ValueError(f"{url} is no https address")
    return url
