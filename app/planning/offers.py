"""What there is to plan with: files on a disk, a repository of the Hub, or the shipped list."""

import itertools
import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from app.catalog.hub import Hub, Repository
from app.catalog.names import RepoFile, file_url, is_repository_name
from app.catalog.quantizations import (
    Companion,
    Quantization,
    companions,
    group,
    needs_dates,
    quantization_name,
    with_warnings,
)
from app.catalog.refusals import UnreachableError
from app.catalog.shipped import Catalogue, ListedFile, shipped_catalogue
from app.core.cancel import CancelToken
from app.core.errors import KnownError
from app.core.language import sentences, tr
from app.core.paths import cache_dir
from app.gguf.cache import HeaderCache
from app.gguf.fetch import HttpFetcher
from app.gguf.loadable import why_not_loadable
from app.gguf.read import read_header
from app.gguf.remote import RangeFetcher, RemoteFile, read_remote_header
from app.gguf.types import ModelHeader
from app.planning.dimensions import Dimensions, published_dimensions
from app.planning.recommend import Candidate
from app.planning.shape import model_shape

DEFAULT_REPOSITORY = "unsloth/GLM-4.6-GGUF"
# Strongest first.
SIBLINGS = ("GLM-4.5-Air", "GLM-4.7-Flash", "GLM-4-32B-0414", "GLM-4-9B-0414")
_CONNECTIONS = 6
_MAX_LOCAL_FILES = 2000
# Where the shipped list has no files of a model: what these quantizations usually take.
_USUAL_BITS = {"Q4_K_M": 4.9, "Q5_K_M": 5.7, "Q6_K": 6.6, "Q8_0": 8.5}
_MAKER = re.compile(r"^[A-Za-z0-9.-]+_(?=GLM)")


@dataclass(frozen=True)
class Offer:
    """header: None when it could not be read and the candidate is an estimate.

    location: the file or URL to load, "" when unknown. files: to download, in the order in which
    they are loaded; empty when they are on this disk or unknown. warning: to know before.
    """

    candidate: Candidate
    header: ModelHeader | None = None
    location: str = ""
    files: tuple[RepoFile, ...] = ()
    warning: str = ""


@dataclass(frozen=True)
class Offers:
    """refused: name and reason of what is there and cannot be used. note: where it comes from,
    when that is not the thing itself. companions: files that belong to the model and are none.
    repository: as listed, None when it is not from the Hub."""

    name: str
    offers: tuple[Offer, ...]
    refused: tuple[tuple[str, str], ...] = ()
    note: str = ""
    companions: tuple[Companion, ...] = ()
    repository: Repository | None = None

    def choose(self, quant: str) -> Offer:
        """Raises KnownError that lists what there is."""
        for offer in self.offers:
            if offer.candidate.quant.lower() == quant.lower():
                return offer
        reason = next((why for name, why in self.refused if name.lower() == quant.lower()), None)
        listed = ", ".join(offer.candidate.quant for offer in self.offers)
        raise KnownError(
            tr("{name} does not offer {quant}.", name=self.name, quant=quant),
            reason or "",
            tr("It has: {listed}.", listed=listed)
            if listed
            else tr("Choose another repository or folder."),
        )


def local_offers(path: Path) -> Offers:
    """A file, any shard of a model, or a folder of models. Raises KnownError."""
    if not path.is_dir():
        return Offers(path.name, (_local(path),))
    found = _files_in(path)
    offers, refused = [], []
    for quantization in group(found):
        if not quantization.offered:
            refused.append((quantization.name, quantization.problem))
            continue
        try:
            offers.append(_local(path / quantization.files[0].path, quantization.name))
        except KnownError as error:
            refused.append((quantization.name, sentences(error.what, error.why)))
    if not offers:
        raise KnownError(
            tr("{name} holds no model that can be loaded.", name=path.name or path),
            " ".join(f"{name}: {why}" for name, why in refused[:3]) or tr("It has no GGUF file."),
            tr("Choose a folder with .gguf files."),
        )
    return Offers(path.name, tuple(offers), tuple(refused))


def _files_in(folder: Path) -> list[RepoFile]:
    files: list[RepoFile] = []
    try:
        for path in sorted(folder.rglob("*.gguf")):
            if path.is_file() and len(files) < _MAX_LOCAL_FILES:
                name = path.relative_to(folder).as_posix()
                files.append(RepoFile(name, path.stat().st_size, None, ""))
    except OSError as error:
        raise KnownError(
            tr("{name} cannot be read.", name=folder.name or folder),
            tr("This user may not look into it, or the disk does not answer."),
            tr("Check its permissions."),
            str(error),
        ) from error
    return files


def _local(path: Path, name: str = "") -> Offer:
    header = read_header(path)
    first = path.parent / header.shards[0].name
    named = name or quantization_name(path.name)
    if named.lower() == path.stem.lower():
        named = header.file_type or named
    return _offer(header, header.name, named, "", str(first))


def remote_offers(
    repo: str,
    quant: str | None = None,
    *,
    hub: Hub | None = None,
    revision: str | None = None,
    fetcher: RangeFetcher | None = None,
    cancel: CancelToken | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Offers:
    """The repository's quantizations, or the one that is named; their headers come over the network
    or out of the cache. Without a connection: the shipped list, marked as an estimate.

    hub: by default what the environment says. on_progress: gets how many of how many headers are
    read, on any thread. Raises KnownError.
    """
    hub = hub or Hub()
    try:
        listed = hub.repository(repo, revision)
        quantizations = dated_group(hub, listed)
    except UnreachableError as error:
        shipped = shipped_offers(repo)
        if shipped is None:
            raise
        note = sentences(error.what, shipped.note)
        return Offers(repo, shipped.offers, shipped.refused, note)
    refused = [(one.name, one.problem) for one in quantizations if not one.offered]
    wanted = [one for one in quantizations if one.offered]
    if not listed.gguf_files:
        raise _no_gguf(repo)
    if quant is not None:
        chosen = [one for one in wanted if one.name.lower() == quant.lower()]
        if not chosen:
            unread = tuple(Offer(_placeholder(repo, one)) for one in wanted)
            Offers(repo, unread, tuple(refused)).choose(quant)
        wanted = chosen
    cancel = cancel or CancelToken()
    reader = _reader(hub, listed, fetcher or HttpFetcher(hub.access.token(), cancel=cancel))
    offers = []
    counted = _counted(reader, len(wanted), on_progress) if on_progress is not None else reader
    for one, result in zip(wanted, _read_all(wanted, counted, cancel), strict=True):
        if isinstance(result, Offer):
            offers.append(result)
        elif quant is not None:
            raise result
        else:
            refused.append((one.name, sentences(result.what, result.why)))
    note = (
        tr("{repo} is called {repo2} now.", repo=repo, repo2=listed.repo) if listed.renamed else ""
    )
    beside = companions(listed.gguf_files)
    return Offers(listed.repo, tuple(offers), tuple(refused), note, beside, listed)


def dated_group(hub: Hub, listed: Repository) -> tuple[Quantization, ...]:
    """Grouped, with the warnings that depend on a file's age. Raises KnownError."""
    found = group(listed.files)
    if not needs_dates(listed.repo):
        return found
    paths = [file.path for one in found if one.offered for file in one.files]
    return with_warnings(listed.repo, found, hub.dates(listed, paths))


def _no_gguf(repo: str) -> KnownError:
    return KnownError(
        tr("{repo} holds no GGUF file.", repo=repo),
        tr("GGUF is the format that the engine loads; this repository has another one."),
        tr("Look for a repository of the same model whose name ends in -GGUF."),
    )


def _reader(
    hub: Hub, listed: Repository, fetcher: RangeFetcher
) -> Callable[[Quantization], Offer | KnownError]:
    cache = HeaderCache(cache_dir() / "headers")
    endpoint, repo = hub.access.endpoint(), listed.repo

    def read(one: Quantization) -> Offer | KnownError:
        files = [RemoteFile(file_url(endpoint, repo, file), file.sha256) for file in one.files]
        try:
            header = read_remote_header(files, fetcher, cache)
            offer = _offer(header, base_name(repo), one.name, repo, files[0].url)
            return replace(offer, files=one.files, warning=one.warning)
        except KnownError as error:
            return error

    return read


def _counted(
    read: Callable[[Quantization], Offer | KnownError],
    total: int,
    on_progress: Callable[[int, int], None],
) -> Callable[[Quantization], Offer | KnownError]:
    done = itertools.count(1)

    def counted(one: Quantization) -> Offer | KnownError:
        result = read(one)
        on_progress(next(done), total)
        return result

    return counted


def _read_all(
    wanted: Sequence[Quantization],
    read: Callable[[Quantization], Offer | KnownError],
    cancel: CancelToken,
) -> list[Offer | KnownError]:
    """The first one alone: it brings the vocabulary into the cache, which the others share."""
    if not wanted:
        return []
    first = read(wanted[0])
    with ThreadPoolExecutor(_CONNECTIONS, "headers") as pool:
        try:
            return [first, *pool.map(read, wanted[1:])]
        except BaseException:  # Ctrl+C: nobody waits for the others
            cancel.cancel()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def by_model(candidates: Sequence[Candidate]) -> tuple[list[Candidate], list[Candidate]]:
    """The files of the largest model, and those of the others, larger ones first: a folder may hold
    several."""

    def parameters(candidate: Candidate) -> float:
        return candidate.size_bytes / candidate.bits_per_weight

    sizes: dict[str, float] = {}
    for candidate in candidates:
        sizes[candidate.model] = max(sizes.get(candidate.model, 0.0), parameters(candidate))
    ranked = sorted(sizes, key=lambda model: -sizes[model])
    others = [c for model in ranked[1:] for c in candidates if c.model == model]
    return [c for c in candidates if c.model == ranked[0]] if ranked else [], others


def shipped_offers(repo: str, catalogue: Catalogue | None = None) -> Offers | None:
    """From the list and the dimensions that ship with the program; None when it is not listed."""
    catalogue = catalogue or shipped_catalogue()
    listed = catalogue.find(repo)
    dimensions = published_dimensions().get(listed.base) if listed else None
    if listed is None or dimensions is None or not listed.files:
        return None
    usable = [file for file in listed.files if listed.usable and _usable(file.quant)]
    refused = tuple(
        (file.quant, tr("Only ik_llama.cpp can load it."))
        for file in listed.files
        if file not in usable
    )
    offers = tuple(Offer(_estimated(dimensions, file, repo)) for file in usable)
    return Offers(repo, offers, refused, _shipped_note(catalogue))


def sibling_candidates(catalogue: Catalogue | None = None) -> tuple[Candidate, ...]:
    """Smaller models of the family, the strongest first, from what ships with the program."""
    catalogue = catalogue or shipped_catalogue()
    found: list[Candidate] = []
    for name in SIBLINGS:
        dimensions = published_dimensions()[name]
        listed = catalogue.of_model(name)
        files = {file.quant: file for file in listed.files} if listed else {}
        for quant, bits in _USUAL_BITS.items():
            size = round(dimensions.parameters * bits / 8)
            files.setdefault(quant, ListedFile(quant, size, exact=False))
        repo = listed.repo if listed and is_repository_name(listed.repo) else ""
        usable = [file for file in files.values() if _usable(file.quant)]
        found += [_estimated(dimensions, file, repo) for file in usable]
    return tuple(found)


def base_name(repo: str) -> str:
    """`GLM-4.6` of `unsloth/GLM-4.6-GGUF` and `bartowski/zai-org_GLM-4.6-GGUF`."""
    name = repo.rpartition("/")[2]
    return _MAKER.sub("", re.sub(r"-GGUF$", "", name, flags=re.IGNORECASE))


def _usable(quant: str) -> bool:
    file = RepoFile(f"{quant}.gguf", 1, None, "")
    return all(one.offered for one in group([file]))


def _shipped_note(catalogue: Catalogue) -> str:
    return tr(
        "Sizes are those of {generated}, as far as they were known then; how "
        "they are made up is estimated from the model's dimensions.",
        generated=catalogue.generated,
    )


def _estimated(dimensions: Dimensions, file: ListedFile, repo: str) -> Candidate:
    return Candidate(
        dimensions.name,
        file.quant,
        dimensions.shape(file.size_bytes),
        8 * file.size_bytes / dimensions.parameters,
        file.size_bytes,
        exact=False,
        repository=repo,
    )


def _placeholder(repo: str, one: Quantization) -> Candidate:
    dimensions = published_dimensions()["GLM-4.6"]
    shape = dimensions.shape(max(1, one.size_bytes))
    return Candidate(base_name(repo), one.name, shape, 1.0, one.size_bytes, exact=False)


def _offer(header: ModelHeader, model: str, quant: str, repo: str, location: str) -> Offer:
    """Raises KnownError when llama.cpp would refuse the file."""
    problem = why_not_loadable(header)
    if problem is not None:
        raise problem
    bits = header.bits_per_weight
    if not bits:
        raise ValueError("a loadable file without weights")
    shape = model_shape(header)
    candidate = Candidate(model, quant, shape, bits, header.size_bytes, repository=repo)
    return Offer(candidate, header, location)
