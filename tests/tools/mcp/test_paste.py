"""Blocks as people find them in the instructions of servers."""

import json

import pytest

from app.tools.mcp.paste import MAX_CHARACTERS, free_name, read_block
from app.tools.mcp.servers import McpServer

CLAUDE = """{
  "mcpServers": {
    "filesystem": {
      "command": "npx",
      "args": ["-y", "@modelcontextprotocol/server-filesystem", "/Users/me/Desktop"]
    },
    "github": {
      "command": "docker",
      "args": ["run", "-i", "ghcr.io/github/github-mcp-server"],
      "env": {"GITHUB_PERSONAL_ACCESS_TOKEN": "<YOUR_TOKEN>"}
    }
  }
}"""


def test_a_block_of_claude() -> None:
    block = read_block(CLAUDE)
    files, github = block.servers
    assert files.name == "filesystem"
    assert files.arguments[-1] == "/Users/me/Desktop"
    assert github.environment == (("GITHUB_PERSONAL_ACCESS_TOKEN", "<YOUR_TOKEN>"),)
    assert block.complaints == ()
    [note] = block.notes
    assert "GITHUB_PERSONAL_ACCESS_TOKEN" in note


@pytest.mark.parametrize(
    "text",
    [
        '{"servers": {"web": {"type": "http", "url": "https://example.org/mcp"}}}',
        '{"mcp": {"servers": {"web": {"url": "https://example.org/mcp"}}}}',
        '{"mcpServers": {"web": {"serverUrl": "https://example.org/mcp"}}}',
        '{"web": {"url": "https://example.org/mcp"}}',
        '"web": {"url": "https://example.org/mcp"},',
        '"mcpServers": {"web": {"httpUrl": "https://example.org/mcp"}}',
        '```json\n{"web": {"url": "https://example.org/mcp"}}\n```',
        '// a comment\n{"web": {"url": "https://example.org/mcp",},}',
        '\ufeff{"web": {"url": "https://example.org/mcp"}}',
    ],
)
def test_other_forms(text: str) -> None:
    block = read_block(text)
    assert block.servers == (McpServer("web", "http", url="https://example.org/mcp"),)


def test_one_server_without_a_name_gets_one() -> None:
    text = '{"command": "npx", "args": ["-y", "@modelcontextprotocol/server-memory"]}'
    assert [server.name for server in read_block(text).servers] == ["memory"]


def test_a_block_allows_itself_nothing() -> None:
    server = McpServer("evil", "stdio", "sh", ("-c", "x"))
    entry = {"command": "sh", "args": ["-c", "x"], "approved": server.fingerprint, "off": ["a"]}
    [found] = read_block(json.dumps({"mcpServers": {"evil": entry}})).servers
    assert not found.is_approved
    assert found.off == frozenset()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"mcpServers": {"a": {"type": "sse", "url": "https://x.org/sse"}}}', "older SSE"),
        ('{"mcpServers": {"a": {"url": "ftp://x.org"}}}', "has to begin with https"),
        ('{"mcpServers": {"a": 3}}', "no description"),
        ('{"mcpServers": {"a": {}}}', "no command"),
        ('{"mcpServers": {}}', "no server in it"),
        ("[]", "no server in it"),
        ('{"a":\n{"command" "x"}}', "line 2 is not understood"),
        ("[" * 100_000, "no JSON"),
        ("x" * (MAX_CHARACTERS + 1), "far too long"),
    ],
)
def test_what_cannot_be_taken(text: str, words: str) -> None:
    block = read_block(text)
    assert block.servers == ()
    [complaint] = block.complaints
    assert words in complaint


def test_nothing_is_nothing() -> None:
    assert read_block(" \n").complaints == ()


def test_names_that_are_taken() -> None:
    assert free_name("files", []) == "files"
    assert free_name("files", ["Files", "files 2"]) == "files 3"
