"""The reference servers of the protocol, from npm, where Node is there to run them."""

import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core.cancel import CancelToken
from app.core.errors import Cancelled
from app.tools.mcp.servers import McpServer
from app.tools.mcp.types import State
from app.tools.tool import ToolFailure
from tests.tools.mcp.conftest import PATIENCE, Bench

_VERSION = "2026.8.31"
_PACKAGES = ("server-everything", "server-filesystem")
# Before the tests have folders of their own.
_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "glm-launcher-tests"
_HOME = str(Path.home())
_INSTALL_SECONDS = 120


@pytest.fixture(scope="session")
def packages() -> Path:
    """Installed once for all runs, outside the checkout."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("Node is not there to run the reference servers")
    folder = _CACHE / f"mcp-{_VERSION}"
    found = folder / "node_modules" / "@modelcontextprotocol"
    if not all((found / name / "dist" / "index.js").is_file() for name in _PACKAGES):
        folder.mkdir(parents=True, exist_ok=True)
        wanted = [f"@modelcontextprotocol/{name}@{_VERSION}" for name in _PACKAGES]
        command = [npm, "install", "--no-audit", "--no-fund", "--prefix", str(folder), *wanted]
        try:
            done = subprocess.run(
                command,
                check=False,
                capture_output=True,
                text=True,
                timeout=_INSTALL_SECONDS,
                env={**os.environ, "HOME": _HOME},
            )
        except subprocess.TimeoutExpired:
            pytest.skip("the npm registry did not answer in time")
        if done.returncode:
            pytest.skip(f"the reference servers could not be installed: {done.stderr[-200:]}")
    return found


def _node(packages: Path, name: str, *arguments: str) -> McpServer:
    script = packages / name / "dist" / "index.js"
    return McpServer("test", "stdio", "node", (str(script), *arguments))


def test_everything(bench: Bench, packages: Path) -> None:
    bench.declare(_node(packages, "server-everything", "stdio"))
    assert bench.call("echo", message="hello") == "Echo: hello"
    listing = bench.status().listing
    assert listing is not None
    assert {"echo", "get-sum", "get-tiny-image"} <= {tool.name for tool in listing.tools}
    assert all(tool.why_not == "" for tool in listing.tools)
    assert bench.host.call("test", "get-sum", {"a": 2, "b": 3}, CancelToken()).endswith("is 5.")
    image = bench.call("get-tiny-image")
    assert "[An image (image/png, 4.0 kB) that the model cannot take in.]" in image
    assert "[A link to the resource" in bench.call("get-resource-links")
    assert "[The resource demo://" in bench.host.call(
        "test", "get-resource-reference", {"resourceType": "Text", "resourceId": 1}, CancelToken()
    )
    [first, *_] = listing.resources
    assert len(bench.host.resource("test", first.uri, CancelToken()).text) > 100
    city = bench.host.prompt("test", "args-prompt", {"city": "Rome"}, CancelToken())
    assert "Rome" in city


def test_everything_does_not_see_tokens(
    bench: Bench, packages: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_not_yours")
    bench.declare(_node(packages, "server-everything", "stdio"))
    assert "hf_not_yours" not in bench.call("get-env")


def test_everything_is_cancelled(bench: Bench, packages: Path) -> None:
    bench.declare(_node(packages, "server-everything", "stdio"))
    bench.call("echo", message="up")
    token = CancelToken()
    thread = threading.Timer(0.05, token.cancel)
    thread.start()
    with pytest.raises(Cancelled):
        bench.host.call("test", "trigger-long-running-operation", {"duration": 60}, token)
    thread.join()
    assert bench.call("echo", message="still here") == "Echo: still here"


def test_filesystem(bench: Bench, packages: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("remember the milk", encoding="utf-8")
    folder = str(tmp_path.resolve())
    bench.declare(_node(packages, "server-filesystem", folder))
    assert "notes.txt" in bench.call("list_directory", path=folder)
    assert bench.call("read_text_file", path=f"{folder}/notes.txt") == "remember the milk"
    with pytest.raises(ToolFailure, match="Access denied"):
        bench.call("read_text_file", path="/etc/hostname")
    bench.call("write_file", path=f"{folder}/new.txt", content="written")
    assert (tmp_path / "new.txt").read_text(encoding="utf-8") == "written"
    listing = bench.status().listing
    assert listing is not None
    claims = {tool.name: (tool.reads_only, tool.destructive) for tool in listing.tools}
    assert claims["read_text_file"][0] is True
    assert claims["write_file"] == (False, True)


def test_filesystem_without_a_folder_says_why(bench: Bench, packages: Path) -> None:
    bench.declare(_node(packages, "server-filesystem", "/no/such/folder/anywhere"))
    bench.host.start("test")
    reason = bench.until_state(State.FAILED).reason
    assert "None of the specified directories are accessible" in reason


@pytest.fixture
def address(packages: Path) -> Iterator[str]:
    """server-everything over HTTP, on a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    script = packages / "server-everything" / "dist" / "index.js"
    process = subprocess.Popen(
        ["node", str(script), "streamableHttp"],
        env={**os.environ, "PORT": str(port)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    guard = threading.Timer(PATIENCE, process.kill)
    guard.start()
    try:
        assert process.stderr is not None
        assert any("listening" in line for line in process.stderr)
        yield f"http://127.0.0.1:{port}/mcp"
    finally:
        guard.cancel()
        process.kill()
        process.communicate()
        guard.join()


def test_everything_over_http(bench: Bench, address: str) -> None:
    bench.declare(McpServer("test", "http", url=address))
    assert bench.call("echo", message="hello") == "Echo: hello"
    assert bench.host.call("test", "get-sum", {"a": 2, "b": 3}, CancelToken()).endswith("is 5.")
