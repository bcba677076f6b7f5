"""What the model calls a server's tools: names that every template and reader can bear."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping

MAX_LENGTH = 64
_OTHER = re.compile(r"[^A-Za-z0-9_-]+")


def tool_names(
    tools: Iterable[tuple[str, str]], taken: Iterable[str] = ()
) -> Mapping[tuple[str, str], str]:
    """For each pair of a server's and a tool's name one like `server__tool`, none twice.

    It hangs on the pair alone unless two come out alike: then each of these, and one that is
    already taken or too long, ends in a few figures made of the pair. So the order in which servers
    start changes nothing.
    """
    pairs = list(dict.fromkeys(tools))
    plain = {pair: f"{_plain(pair[0]).lower()}__{_plain(pair[1])}" for pair in pairs}
    often = Counter(plain.values())
    used = {*taken}
    found: dict[tuple[str, str], str] = {}
    for pair in pairs:
        name = plain[pair]
        if often[name] > 1 or name in used or len(name) > MAX_LENGTH or "" in map(_plain, pair):
            digest = hashlib.sha256("\0".join(pair).encode("utf-8", "replace")).hexdigest()
            name = f"{name[: MAX_LENGTH - 9]}_{digest[:8]}"
        found[pair] = name
    return found


def _plain(text: str) -> str:
    return _OTHER.sub("_", text).strip("_")
