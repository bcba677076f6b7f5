"""Files of other programs, made here."""

import json
import os
import sys
from pathlib import Path

import pytest

from app.core.cancel import CancelToken
from app.core.errors import Cancelled
from app.tools.mcp.elsewhere import servers_elsewhere
from tests.tools.mcp.test_paste import CLAUDE


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.mark.skipif(sys.platform != "linux", reason="the folders are those of Linux")
def test_servers_of_other_programs(tmp_path: Path) -> None:
    _write(tmp_path / "settings/Claude/claude_desktop_config.json", CLAUDE)
    _write(tmp_path / ".config/Code/User/mcp.json", CLAUDE)  # not where the environment says
    _write(tmp_path / ".cursor/mcp.json", '\ufeff{"mcpServers": {"web": {"url": "https://a.org"}}}')
    _write(tmp_path / ".lmstudio/mcp.json", '{"mcpServers": {}}')
    much = {"history": "x" * 10**6, "mcpServers": {"memory": {"command": "npx"}}}
    _write(tmp_path / ".claude.json", json.dumps(much))
    _write(tmp_path / ".codeium/windsurf/mcp_config.json", " " * 16_000_001)
    (tmp_path / ".gemini").mkdir()
    os.mkfifo(tmp_path / ".gemini/settings.json")
    environment = {"XDG_CONFIG_HOME": str(tmp_path / "settings")}
    found = servers_elsewhere(CancelToken(), tmp_path, environment)
    assert [(one.program, len(one.block.servers)) for one in found] == [
        ("Claude Desktop", 2),
        ("Claude Code", 1),
        ("Cursor", 1),
    ]
    assert not any(server.is_approved for server in found[0].block.servers)


def test_nothing_there(tmp_path: Path) -> None:
    assert servers_elsewhere(CancelToken(), tmp_path, {}) == ()


def test_it_can_be_given_up(tmp_path: Path) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        servers_elsewhere(token, tmp_path, {})
