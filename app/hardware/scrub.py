"""Takes out of a text what tells who and where somebody is, before it is shown to strangers."""

import contextlib
import getpass
import os
import re
import socket
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

_SHORTEST_NAME = 3
# Everybody's names give nobody away.
_COMMON = frozenset(
    {"root", "user", "users", "admin", "administrator", "ubuntu", "home", "localhost", "local"}
)
_PUBLIC_HOSTS = ("huggingface.co", "hf.co", "hf-mirror.com", "modelscope.cn", "github.com")
_UUID = r"(?:(?:GPU|MIG)-)?[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
# Times of day have two colons.
_IPV6 = r"(?:[0-9a-f]{1,4}:){4,7}[0-9a-f]{1,4}|(?:[0-9a-f]{1,4}:){1,6}(?::[0-9a-f]{1,4}){1,6}"
_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(rf"MIG-{_UUID}/\d+/\d+"), "[UUID]"),
    (re.compile(rf"(?<![0-9A-Za-z]){_UUID}(?![0-9A-Za-z])"), "[UUID]"),
    (re.compile(r"\b(?:hf|sk|ghp|gho|pat)[_-][A-Za-z0-9_-]{8,}"), "[token]"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{6,}"), r"\1 [token]"),
    (
        re.compile(r"(?i)\b([\w-]*(?:token|password|passwd|secret|api[_-]?key))(\s*[=:]\s*)\S+"),
        r"\1\2[token]",
    ),
    (
        re.compile(r"(?i)\b(serial(?:[ _-]?(?:number|no\.?))?|s/n)(\s*[=:#]?\s*)\S*\d\S*"),
        r"\1\2[serial]",
    ),
    (re.compile(r"(?<![\w.])[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), "[email]"),
    (re.compile(r"(?i)\b(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}\b"), "[address]"),
    (re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?(?![\w.])"), "[address]"),
    (re.compile(rf"(?i)(?<![\w:])(?:{_IPV6})(?![\w:])"), "[address]"),
)  # fmt: skip
_URL = re.compile(r"(?i)\b(?!file:)([a-z][a-z0-9+.-]+)://([^\s/?#\"'<>]*)([^\s\"'<>]*)")
_START = r"(?:file://)?(?:[A-Za-z]:[\\/]|\\\\|~[\w.-]*/|/)"
# The two slashes of an address are no start.
_BEFORE = r"(?<![\w/\\.~\]…-])(?!(?<=:)//)"
# A path with spaces in it has no end that can be seen, unless quotes or the name of a file say so.
_QUOTED = re.compile(rf"(?<!\w)(['\"])({_START}[^\n]*?)\1(?!\w)")
_FILE = re.compile(
    _BEFORE + _START + r"[^\n\"<>|]*?"
    r"\.(?:gguf|safetensors|jsonl?|log|db|part|py|toml|so|dll)\b(?![\\/.])"
)
_WINDOWS = re.compile(_BEFORE + r"(?:[A-Za-z]:[\\/]|\\\\)[^\s\"'<>|,;]*")
_POSIX = re.compile(
    _BEFORE + r"(?:(?:file://)?/[^\s/\"'<>|,;:]+(?:/[^\s/\"'<>|,;:]*)+|~[\w.-]*/[^\s\"'<>|,;:]*)"
)


class Scrubber:
    """names: people's; hosts: computers'; folders: whose names and what is in them are private."""

    def __init__(
        self, names: Iterable[str] = (), hosts: Iterable[str] = (), folders: Iterable[str] = ()
    ) -> None:
        self._folders = _any_of(folders)
        self._names = _words(_worth(names))
        labels = (part for host in hosts for part in (host, host.split(".", 1)[0]))
        self._hosts = _words(_worth(labels))

    def clean(self, text: str) -> str:
        """The text without names, paths, addresses, tokens, serial numbers and UUIDs; of a path,
        the last part stays."""
        text = unicodedata.normalize("NFC", text)
        text = "".join(c if c.isprintable() or c == "\n" else " " for c in text)
        text = _URL.sub(_address, text)
        if self._folders is not None:
            text = self._folders.sub("/~", text)
        text = _QUOTED.sub(lambda found: found[1] + _last_part(found[2]) + found[1], text)
        for pattern in (_FILE, _WINDOWS, _POSIX):
            text = pattern.sub(lambda found: _last_part(found[0]), text)
        for rule, instead in _RULES:
            text = rule.sub(instead, text)
        for words, instead in ((self._hosts, "[host]"), (self._names, "[user]")):
            if words is not None:
                text = words.sub(instead, text)
        return text


def own_scrubber(environ: Mapping[str, str] | None = None, folders: Iterable[str] = ()) -> Scrubber:
    """For who uses this computer. folders: besides the home folder."""
    environ = os.environ if environ is None else environ
    homes = [environ.get(name, "") for name in ("HOME", "USERPROFILE")]
    homes += [str(_home())] if _home() is not None else []
    users = [environ.get(name, "") for name in ("USER", "LOGNAME", "USERNAME", "SUDO_USER")]
    hosts = [environ.get(name, "") for name in ("HOSTNAME", "COMPUTERNAME")]
    return Scrubber(
        (*users, *_account_names(), *(Path(home).name for home in homes if home)),
        (*hosts, socket.gethostname()),
        (*homes, *folders),
    )


def _home() -> Path | None:
    try:
        return Path.home()
    except RuntimeError:
        return None


def _account_names() -> Iterator[str]:
    with contextlib.suppress(OSError, KeyError, ImportError):
        yield getpass.getuser()
    if sys.platform != "win32":
        import pwd

        try:
            yield pwd.getpwuid(os.getuid()).pw_gecos.split(",", 1)[0]
        except KeyError:
            return


def _worth(names: Iterable[str]) -> Iterator[str]:
    """A name of a letter or two is a word of every text; where it stands in a path it goes with
    the path."""
    for name in names:
        plain = unicodedata.normalize("NFC", name).strip()
        if len(plain) >= _SHORTEST_NAME and plain.casefold() not in _COMMON:
            yield plain


def _words(names: Iterable[str]) -> re.Pattern[str] | None:
    ordered = sorted(set(names), key=len, reverse=True)
    if not ordered:
        return None
    either = "|".join(re.escape(name) for name in ordered)
    return re.compile(rf"(?<![^\W_])(?:{either})(?![^\W_])", re.IGNORECASE)


def _any_of(folders: Iterable[str]) -> re.Pattern[str] | None:
    plain = {unicodedata.normalize("NFC", folder).rstrip("/\\") for folder in folders}
    ordered = sorted((folder for folder in plain if len(folder) > 1), key=len, reverse=True)
    if not ordered:
        return None
    either = "|".join(_same_slashes(folder) for folder in ordered)
    return re.compile(rf"(?:{either})(?![^\W_])", re.IGNORECASE)


def _same_slashes(folder: str) -> str:
    """Written with either slash, or doubled as in JSON."""
    return r"[\\/]{1,2}".join(re.escape(part) for part in re.split(r"[\\/]+", folder))


def _last_part(path: str) -> str:
    parts = [part for part in re.split(r"[\\/]+", path) if part]
    last = parts[-1] if parts else ""
    return f"…/{last}" if "." in last and len(parts) > 1 else "…"


def _address(found: re.Match[str]) -> str:
    scheme, where, rest = found.groups()
    host = where.rpartition("@")[2]
    name = host.partition(":")[0].lower()
    path = rest.partition("?")[0].partition("#")[0]
    if any(name == known or name.endswith(f".{known}") for known in _PUBLIC_HOSTS):
        return f"{scheme}://{host}{path}"
    return f"{scheme}://[host]/…"
