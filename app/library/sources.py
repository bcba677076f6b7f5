"""Where programs on this machine keep their models, without being told."""

import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from app.core.language import mark
from app.library.types import Source

_MAX_SETTINGS_BYTES = 4_000_000


@dataclass(frozen=True)
class Places:
    """What the search goes by; tests give their own. platform: as sys.platform."""

    home: Path
    environment: Mapping[str, str]
    platform: str

    @staticmethod
    def of_this_machine() -> "Places":
        return Places(Path.home(), os.environ, sys.platform)

    def variable(self, name: str) -> Path | None:
        """A folder from an environment variable."""
        text = self.environment.get(name, "").strip()
        if not text:
            return None
        return self.home / text[2:] if text.startswith("~/") else Path(text)

    @property
    def caches(self) -> Path:
        if self.platform == "win32":
            return self.variable("LOCALAPPDATA") or self.home / "AppData" / "Local"
        if self.platform == "darwin":
            return self.home / "Library" / "Caches"
        return self.variable("XDG_CACHE_HOME") or self.home / ".cache"

    @property
    def data(self) -> Path:
        if self.platform == "win32":
            return self.variable("APPDATA") or self.home / "AppData" / "Roaming"
        if self.platform == "darwin":
            return self.home / "Library" / "Application Support"
        return self.variable("XDG_DATA_HOME") or self.home / ".local" / "share"


def default_sources(
    models_folder: Callable[[], str] = lambda: "",
    folders: Callable[[], Iterable[str]] = lambda: (),
    places: Places | None = None,
) -> tuple[Source, ...]:
    """Every place that is worth a look, whether it exists or not; ours first, the person's own
    folders last. Reads other programs' settings files; never raises."""
    here = places or Places.of_this_machine()
    found: list[Source] = []
    if own := models_folder():
        found.append(Source("own", "GLM Launcher", Path(own)))
    found += [
        Source("hub-cache", mark("Hugging Face cache"), folder) for folder in _hub_caches(here)
    ]
    found += [Source("lm-studio", "LM Studio", folder) for folder in _lm_studio(here)]
    found += [Source("jan", "Jan", folder) for folder in _jan(here)]
    found += [Source("ollama", "Ollama", folder) for folder in _ollama(here)]
    found += [Source("llama.cpp", "llama.cpp", folder) for folder in _llama_cpp(here)]
    found += [Source("gpt4all", "GPT4All", folder) for folder in _gpt4all(here)]
    found += [Source("folder", mark("Your folder"), Path(folder)) for folder in folders()]
    return tuple({source.folder: source for source in reversed(found)}.values())[::-1]


def _hub_caches(here: Places) -> Iterator[Path]:
    home = here.variable("HF_HOME")
    cache = here.variable("HF_HUB_CACHE") or here.variable("HUGGINGFACE_HUB_CACHE")
    if cache is not None:
        yield cache
    elif home is not None:
        yield home / "hub"
    # The usual place as well: what was downloaded before a variable was set is still there.
    unix = here.variable("XDG_CACHE_HOME") or here.home / ".cache"
    yield unix / "huggingface" / "hub"


def _lm_studio(here: Places) -> Iterator[Path]:
    pointer = _text(here.home / ".lmstudio-home-pointer").strip()
    homes = [here.home / ".lmstudio", here.home / ".cache" / "lm-studio"]
    if pointer:
        homes.insert(0, Path(pointer))
    for home in homes:
        folder = _json(home / "settings.json").get("downloadsFolder")
        if isinstance(folder, str) and folder:
            yield Path(folder)
    for home in homes:
        yield home / "models"


def _jan(here: Places) -> Iterator[Path]:
    homes = [here.home / "jan", here.data / "Jan" / "data"]
    told = _json(here.data / "Jan" / "settings.json").get("data_folder")
    if isinstance(told, str) and told:
        homes.insert(0, Path(told))
    for home in homes:
        yield home / "llamacpp" / "models"
        yield home / "models"


def _ollama(here: Places) -> Iterator[Path]:
    told = here.variable("OLLAMA_MODELS")
    if told is not None:
        yield told
    yield here.home / ".ollama" / "models"
    if here.platform == "linux":
        yield Path("/usr/share/ollama/.ollama/models")


def _llama_cpp(here: Places) -> Iterator[Path]:
    told = here.variable("LLAMA_CACHE")
    if told is not None:
        yield told
    yield here.caches / "llama.cpp"


def _gpt4all(here: Places) -> Iterator[Path]:
    configs = here.variable("XDG_CONFIG_HOME") or here.home / ".config"
    for folder in (configs, here.data):
        told = re.search(
            r"^modelPath=(.+)$", _text(folder / "nomic.ai" / "GPT4All.ini"), re.MULTILINE
        )
        if told is not None and (path := told[1].strip().strip('"')):
            yield Path(path)
    if here.platform == "win32":
        yield here.caches / "nomic.ai" / "GPT4All"
    else:
        yield here.data / "nomic.ai" / "GPT4All"
    yield here.home / ".cache" / "gpt4all"


def _text(path: Path) -> str:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.read(_MAX_SETTINGS_BYTES)
    except (OSError, ValueError):
        return ""


def _json(path: Path) -> dict[str, object]:
    try:
        value = json.loads(_text(path) or "{}")
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
