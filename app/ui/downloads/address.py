"""What a person may write to name a model on the Hub."""

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from app.catalog.names import RepoFile, is_repository_name
from app.catalog.quantizations import Quantization
from app.core.errors import KnownError
from app.core.language import mark, tr

_HOSTS = frozenset({"huggingface.co", "www.huggingface.co", "hf.co"})
_OTHER_KINDS = frozenset({"datasets", "spaces", "collections", "papers", "docs", "blog", "models"})
_LONGEST = 600
_EXAMPLES = mark(
    "Write owner/name, owner/name:QUANTIZATION, or paste an address of huggingface.co."
)
_REVISION = re.compile(r"[A-Za-z0-9][\w./-]{0,99}")
_QUANT = re.compile(r"[\w.()/ -]{1,100}")


@dataclass(frozen=True)
class Address:
    """quant, path: what of the repository is meant, "" for a choice to be made. revision: a branch,
    tag or commit, "" for the main branch."""

    repo: str
    quant: str = ""
    path: str = ""
    revision: str = ""


def parse_address(text: str, mirror: str = "") -> Address:
    """mirror: the endpoint in use, whose addresses are understood too. Raises KnownError."""
    text = text.strip()
    if not text:
        raise KnownError(tr("Nothing is written there."), "", tr(_EXAMPLES))
    if len(text) > _LONGEST or not text.isprintable():
        raise KnownError(
            tr("That is no address of a model."), tr("It is too long or unreadable."), _EXAMPLES
        )
    first, _, _ = text.partition("/")
    if "://" in text or first.lower() in _HOSTS:
        return _from_url(text if "://" in text else f"https://{text}", mirror)
    repo, colon, quant = text.partition(":")
    if not is_repository_name(repo):
        raise KnownError(
            tr("{repo} is not the name of a repository.", repo=_short(repo)), "", _EXAMPLES
        )
    if colon and not _QUANT.fullmatch(quant):
        raise KnownError(
            tr("After the colon comes the name of a quantization."),
            "",
            tr("Such as owner/name:Q4_K_M."),
        )
    return Address(repo, quant)


def _from_url(text: str, mirror: str) -> Address:
    try:
        parts = urlsplit(text)
        host = (parts.hostname or "").lower()
    except ValueError:
        raise KnownError(tr("That is no address."), "", tr(_EXAMPLES)) from None
    known = _HOSTS | ({urlsplit(mirror).hostname or ""} if mirror else set())
    if parts.scheme not in ("http", "https") or host not in known:
        raise KnownError(
            tr("{host} is not the Hub.", host=_short(host or text)),
            tr(
                "Only models on huggingface.co, or on the mirror in the settings, "
                "can be fetched here."
            ),
            tr(_EXAMPLES),
        )
    steps = [unquote(step) for step in parts.path.split("/") if step]
    if steps and steps[0] in _OTHER_KINDS:
        raise KnownError(
            tr("That address does not lead to a model."),
            tr("It is one of the Hub's {steps}.", steps=steps[0]),
            tr(_EXAMPLES),
        )
    name, colon, quant = (steps[1] if len(steps) > 1 else "").partition(":")
    repo = f"{steps[0]}/{name}" if name else ""
    if not is_repository_name(repo):
        raise KnownError(tr("That address does not name a repository."), "", tr(_EXAMPLES))
    rest = steps[2:]
    if len(rest) < 2 or rest[0] not in ("tree", "blob", "resolve"):
        return Address(repo, quant if colon else "")
    revision = "" if rest[1] == "main" else rest[1]
    if revision and (not _REVISION.fullmatch(revision) or ".." in revision):
        raise KnownError(tr("That address names no branch or commit."), "", tr(_EXAMPLES))
    return Address(repo, path="/".join(rest[2:]), revision=revision)


def choose(address: Address, offered: tuple[Quantization, ...]) -> Quantization | None:
    """None when there are several and nothing says which. Raises KnownError."""
    usable = tuple(one for one in offered if one.offered)
    if address.quant:
        named = [one for one in offered if one.name.lower() == address.quant.lower()]
    elif address.path:
        named = [one for one in offered if any(_under(file, address.path) for file in one.files)]
    else:
        if not usable:
            raise KnownError(
                tr("{repo} holds nothing that can be loaded.", repo=address.repo), _why_not(offered)
            )
        return usable[0] if len(usable) == 1 else None
    if not named:
        what = address.quant or address.path
        raise KnownError(
            tr("{repo} has no {what}.", repo=address.repo, what=_short(what)),
            "",
            tr("It has: ") + ", ".join(one.name for one in usable[:30]) + "." if usable else "",
        )
    if len(named) > 1:
        return None
    if not named[0].offered:
        raise KnownError(tr("{name} cannot be used.", name=named[0].name), named[0].problem)
    return named[0]


def _under(file: RepoFile, path: str) -> bool:
    return file.path == path or file.path.startswith(f"{path}/")


def _why_not(offered: tuple[Quantization, ...]) -> str:
    return " ".join(f"{one.name}: {one.problem}" for one in offered[:3])


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}…"
