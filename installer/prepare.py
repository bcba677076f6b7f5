"""Builds the engine and the environment, each once, and removes what has not been used for long."""

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from installer import backends, system
from installer.console import run, say
from installer.layout import REQUIREMENTS, Engine, Environment, cache_dir

_UNUSED_SECONDS = 60 * 24 * 3600


@contextlib.contextmanager
def _only_one() -> Iterator[None]:
    """Two starts at once must not write into the same folders."""
    path = cache_dir() / "prepare.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as lock:
        if sys.platform == "win32":
            import msvcrt

            while True:
                with contextlib.suppress(OSError):
                    msvcrt.locking(lock.fileno(), msvcrt.LK_LOCK, 1)
                    break
                say("Another start is preparing the program; waiting for it …")
            yield
            msvcrt.locking(lock.fileno(), msvcrt.LK_UNLCK, 1)
        else:
            import fcntl

            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                say("Another start is preparing the program; waiting for it …")
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def ensure(environment: Environment) -> None:
    """Make the environment if it is not there. Raises Missing or CommandError."""
    if environment.ready:
        _touch(environment)
        return
    with _only_one():
        if environment.ready:
            return
        what = "Preparing a private environment; this takes a minute or two, once."
        if environment.engine.wheel is None:
            what = (
                "First start: preparing a private environment and building the engine from source. "
                "This takes about ten minutes, once."
            )
        say(f"{what} Everything goes to {cache_dir()}.")
        _ensure_engine(environment.engine)
        _make_environment(environment)
        _remove_unused()


def _log(name: str) -> Path:
    return cache_dir() / "logs" / f"{name}.log"


def _make_venv(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-m", "venv", str(folder)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        shutil.rmtree(folder, ignore_errors=True)
        if "ensurepip" in done.stdout + done.stderr or "No module named venv" in done.stderr:
            raise system.missing_venv()
        raise system.Missing(f"No environment could be made in {folder}: {done.stderr.strip()}")


def _pip(environment: Environment, *arguments: str | Path) -> list[str | Path]:
    quiet = ("--disable-pip-version-check", "--no-input")
    return [environment.python, "-m", "pip", *quiet, *arguments]


def _ensure_engine(engine: Engine) -> None:
    if engine.wheel is not None:
        return
    system.require_compiler()
    toolkit = backends.require_toolkit(engine.backend)
    tools = Environment(engine.folder / "tools", REQUIREMENTS / "build.txt", engine)
    _make_venv(tools.folder)
    run(
        "Getting the build tools",
        _pip(tools, "install", "--require-hashes", "-r", tools.requirements),
        _log("build-tools"),
    )
    # pip writes the finished wheel in one move, so that an interrupted build leaves none behind.
    run(
        f"Building the engine (llama.cpp, {engine.backend})",
        _pip(
            tools,
            *("wheel", "-v", "--no-deps", "--no-build-isolation", "--require-hashes"),
            *("--wheel-dir", engine.folder, "-r", REQUIREMENTS / "engine.txt"),
        ),
        _log("engine-build"),
        {
            **toolkit,
            "CMAKE_ARGS": backends.cmake_args(engine.backend),
            "PATH": os.pathsep.join(
                (str(tools.python.parent), toolkit.get("PATH", os.environ.get("PATH", "")))
            ),
        },
    )
    shutil.rmtree(tools.folder, ignore_errors=True)


def _make_environment(environment: Environment) -> None:
    wheel = environment.engine.wheel
    if wheel is None:
        raise system.Missing("The engine was built but left no wheel; run the same command again.")
    _make_venv(environment.folder)
    run(
        "Installing the requirements",
        _pip(environment, "install", "--require-hashes", "-r", environment.requirements),
        _log("requirements"),
    )
    run(
        "Installing the engine",
        _pip(environment, "install", "--no-deps", "--no-index", wheel),
        _log("engine-install"),
    )
    run(
        "Checking the engine",
        [environment.python, "-c", "import llama_cpp.llama_cpp as e; e.llama_backend_init()"],
        _log("engine-check"),
    )
    environment.stamp.touch()


def _touch(environment: Environment) -> None:
    for path in (environment.stamp, environment.engine.folder):
        with contextlib.suppress(OSError):
            os.utime(path)


def _remove_unused() -> None:
    """Environments and engines that no start has touched for two months."""
    oldest = time.time() - _UNUSED_SECONDS
    stamps = (cache_dir() / "environments").glob("*/ready")
    last_uses = {stamp.parent: stamp for stamp in stamps}
    last_uses |= {folder: folder for folder in (cache_dir() / "engines").glob("*")}
    for folder, touched in last_uses.items():
        with contextlib.suppress(OSError):
            if touched.stat().st_mtime < oldest:
                shutil.rmtree(folder, ignore_errors=True)
