"""Where environments and engines lie in the person's cache, and what their names are made from."""

import hashlib
import os
import platform
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "installer" / "requirements"


def cache_dir() -> Path:
    """The user's cache folder; GLM_LAUNCHER_CACHE replaces it."""
    if override := os.environ.get("GLM_LAUNCHER_CACHE"):
        return Path(override).expanduser().resolve()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
        return base / "glm-launcher" / "Cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "glm-launcher"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "glm-launcher"


def _digest(*parts: str | bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "little") + data)
    return digest.hexdigest()[:16]


def _processor() -> str:
    """What a native build depends on: a home folder may be shared by different machines."""
    try:
        cpuinfo = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return platform.processor()
    for line in cpuinfo.splitlines():
        if line.startswith(("flags", "Features")):
            return " ".join(sorted(line.partition(":")[2].split()))
    return platform.processor()


@dataclass(frozen=True)
class Engine:
    """One build of llama-cpp-python: its backend and the wheel's place."""

    backend: str
    folder: Path

    @property
    def wheel(self) -> Path | None:
        return next(iter(sorted(self.folder.glob("*.whl"))), None)


def engine(backend: str, cmake_args: str) -> Engine:
    key = _digest(
        (REQUIREMENTS / "engine.txt").read_bytes(),
        (REQUIREMENTS / "build.txt").read_bytes(),
        cmake_args,
        sys.platform,
        platform.machine(),
        _processor(),
    )
    return Engine(backend, cache_dir() / "engines" / f"{backend}-{key}")


@dataclass(frozen=True)
class Environment:
    """A virtual environment named after everything that is in it."""

    folder: Path
    requirements: Path
    engine: Engine

    @property
    def python(self) -> Path:
        if sys.platform == "win32":
            return self.folder / "Scripts" / "python.exe"
        return self.folder / "bin" / "python"

    @property
    def stamp(self) -> Path:
        """Written last: its presence means that the environment is complete."""
        return self.folder / "ready"

    @property
    def ready(self) -> bool:
        return self.stamp.is_file() and self.python.exists()


def environment(kind: str, for_engine: Engine) -> Environment:
    """kind: `run`, or `test` for the one that also holds the test tools."""
    requirements = REQUIREMENTS / f"{kind}.txt"
    version = f"py{sys.version_info.major}{sys.version_info.minor}"
    key = _digest(
        requirements.read_bytes(),
        for_engine.folder.name,
        str(Path(sys.executable).resolve()),
        sys.version,
    )
    folder = cache_dir() / "environments" / f"{kind}-{version}-{key}"
    return Environment(folder, requirements, for_engine)
