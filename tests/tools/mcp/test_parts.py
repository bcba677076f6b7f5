"""Names, schemas, declared servers, words: what needs no server."""

import base64
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp import types

from app.core.json import JsonObject
from app.tools.mcp.environment import server_environment
from app.tools.mcp.lines import UnclosedError, join_line, split_line
from app.tools.mcp.names import MAX_LENGTH, tool_names
from app.tools.mcp.output import MAX_LINES, Output
from app.tools.mcp.schemas import MAX_CHARACTERS, UnfitError, plain_schema
from app.tools.mcp.servers import McpServer, problem, read_servers, write_servers
from app.tools.mcp.tools import scope
from app.tools.mcp.words import content_text, one_line, prompt_text, resource_text
from app.tools.schema import problems

PROGRAM = McpServer("files", "stdio", "npx", ("-y", "server-filesystem", "/home"))
NETWORK = McpServer("web", "http", url="https://example.org/mcp", headers=(("X-Key", "k"),))


def test_names_of_tools() -> None:
    names = tool_names([("My files", "read_file"), ("My files", "list/dir"), ("b", "read_file")])
    assert list(names.values()) == ["my_files__read_file", "my_files__list_dir", "b__read_file"]


@given(st.lists(st.tuples(st.text(max_size=90), st.text(max_size=90)), max_size=12))
def test_names_never_clash_and_every_template_bears_them(pairs: list[tuple[str, str]]) -> None:
    names = tool_names(pairs)
    assert len(set(names.values())) == len(set(pairs))
    assert names == dict(tool_names(reversed(pairs)))
    for name in names.values():
        assert 0 < len(name) <= MAX_LENGTH
        assert name.isascii()
        assert name.replace("_", "").replace("-", "").isalnum()


def test_references_are_put_in_their_place() -> None:
    schema: JsonObject = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "title": "ReadArguments",
        "properties": {
            "title": {"$ref": "#/$defs/Text", "description": "the heading"},
            "kind": {"anyOf": [{"$ref": "#/$defs/Text"}, {"type": "null"}]},
        },
        "required": ["title"],
        "$defs": {"Text": {"type": "string", "title": "Text"}},
    }
    plain = plain_schema(schema)
    assert plain == {
        "type": "object",
        "properties": {
            "title": {"type": "string", "description": "the heading"},
            "kind": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        },
        "required": ["title"],
    }
    assert problems({"title": 3}, plain) == ["the argument title must be a string, not a number"]


def test_patterns_of_names_do_not_refuse_what_fits_them() -> None:
    plain = plain_schema({"type": "object", "patternProperties": {"^x": {"type": "string"}}})
    assert problems({"x1": "yes"}, plain) == []


def test_what_a_schema_does_not_forbid_is_not_refused() -> None:
    """Servers mean it so; a misspelt argument is told all the same."""
    plain = plain_schema(
        {
            "type": "object",
            "properties": {
                "free": {"type": "object"},
                "maybe": {"type": ["object", "null"]},
                "named": {"type": "object", "properties": {"a": {"type": "string"}}},
            },
        }
    )
    assert problems({"free": {"x": 1}, "maybe": {"y": {"z": 2}}}, plain) == []
    assert problems({"named": {"b": "?"}}, plain) != []
    both = plain_schema(
        {
            "type": "object",
            "allOf": [
                {"type": "object", "properties": {"a": {"type": "string"}}},
                {"type": "object", "properties": {"b": {"type": "string"}}},
            ],
        }
    )
    assert problems({"a": "x", "b": "y"}, both) == []
    assert problems({"a": 1}, both) != []


@pytest.mark.parametrize(
    "schema",
    [
        None,
        [],
        {"type": "array"},
        {"type": "object", "description": "x" * (MAX_CHARACTERS + 1)},
        {"type": "object", "properties": {"a": {"$ref": "#/$defs/none"}}},
        {"type": "object", "properties": {"a": {"$ref": "file:///etc/passwd"}}},
        {"type": "object", "properties": {"a": {"$ref": "#"}}},
    ],
)
def test_schemas_that_are_of_no_use(schema: Any) -> None:
    with pytest.raises(UnfitError):
        plain_schema(schema)


def test_references_cannot_multiply_without_an_end() -> None:
    levels: JsonObject = {"l0": {"type": "string"}}
    for level in range(1, 15):
        one: JsonObject = {"$ref": f"#/$defs/l{level - 1}"}
        levels[f"l{level}"] = {"type": "object", "properties": {"a": one, "b": one, "c": one}}
    top: JsonObject = {"type": "object", "properties": {"a": {"$ref": "#/$defs/l14"}}}
    with pytest.raises(UnfitError):
        plain_schema({**top, "$defs": levels})


def test_servers_survive_the_settings() -> None:
    server = replace(
        PROGRAM,
        environment=(("KEY", "v"),),
        folder="/tmp",
        enabled=False,
        off=frozenset({"b", "a"}),
    )
    allowed = replace(server, approved=server.fingerprint)
    written = write_servers([allowed, NETWORK])
    servers, complaints = read_servers(json.loads(json.dumps(written)))
    assert servers == (allowed, NETWORK)
    assert complaints == []
    assert servers[0].is_approved


@pytest.mark.parametrize(
    "change",
    [
        {"command": "sh"},
        {"arguments": ("-c", "x")},
        {"environment": (("PATH", "/evil"),)},
        {"folder": "/elsewhere"},
    ],
)
def test_what_is_allowed_is_one_command_exactly(change: dict[str, Any]) -> None:
    allowed = replace(PROGRAM, approved=PROGRAM.fingerprint)
    assert allowed.is_approved
    assert not replace(allowed, **change).is_approved


@pytest.mark.parametrize(
    ("server", "words"),
    [
        (replace(PROGRAM, name=" "), "needs a name"),
        (replace(PROGRAM, name="a\nb"), "needs a name"),
        (replace(PROGRAM, command=" "), "no command"),
        (replace(PROGRAM, arguments=("a\0b",)), "NUL"),
        (replace(PROGRAM, environment=(("A=B", "x"),)), "no name of a variable"),
        (replace(NETWORK, url="ftp://example.org"), "has to begin with https"),
        (replace(NETWORK, url="https://"), "has to begin with https"),
        (replace(NETWORK, url="https://example.org:99999/"), "cannot be read"),
        (replace(NETWORK, url="https://me:secret@example.org/"), "Leave name and password out"),
        (replace(NETWORK, url="http://example.org/mcp"), "readable by others"),
        (replace(NETWORK, headers=(("a b", "c"),)), "cannot be used as a header"),
        (replace(NETWORK, headers=(("Host", "c"),)), "cannot be used as a header"),
        (replace(NETWORK, headers=(("X", "a\r\nb"),)), "signs that a header cannot have"),
    ],
)
def test_servers_that_cannot_be(server: McpServer, words: str) -> None:
    assert words in problem(server)


def test_headers_may_go_unencrypted_within_this_machine() -> None:
    for host in ("localhost", "127.0.0.1", "[::1]"):
        assert problem(replace(NETWORK, url=f"http://{host}:3000/mcp")) == ""
    assert problem(replace(NETWORK, url="http://192.168.1.4/mcp", headers=())) == ""


@pytest.mark.parametrize("value", [{"a": 3}, {"a": None}, {"": {"command": "x"}}, {"a": {}}])
def test_broken_entries_are_named_and_others_kept(value: JsonObject) -> None:
    servers, complaints = read_servers({**value, "good": {"command": "x"}})
    assert [server.name for server in servers] == ["good"]
    assert len(complaints) == 1


def test_a_permission_is_for_one_command() -> None:
    assert scope(PROGRAM) == "npx -y server-filesystem /home"
    assert scope(replace(NETWORK, url="https://a.org/mcp?key=k")) == "https://a.org/mcp"
    long = replace(PROGRAM, arguments=("x" * 400, "a"))
    other = replace(PROGRAM, arguments=("x" * 400, "b"))
    assert len(scope(long)) <= 160
    assert scope(long) != scope(other)


def test_the_environment_is_a_short_list() -> None:
    outer = {"PATH": "/bin", "LC_ALL": "C", "API_KEY": "k", "HOME": "() { evil; }", "TZ": "UTC"}
    seen = server_environment((("API_KEY", "mine"),), outer)
    assert seen["API_KEY"] == "mine"
    assert seen["LC_ALL"] == "C"
    assert "HOME" not in seen
    assert "API_KEY" not in server_environment((), outer)


def test_output_is_bounded_clean_and_keeps_secrets() -> None:
    output = Output(["sesame-open"])
    output.feed(b"\x1b[31mred\x1b[0m \x1b]0;title\x07and sesame-open\nhalf")
    assert output.text == "red and •••"
    output.feed(b" a line\n" + b"x\n" * (2 * MAX_LINES) + b"y" * 10**6)
    output.end()
    lines = output.text.splitlines()
    assert len(lines) == MAX_LINES
    assert len(lines[-1]) == 1_000
    assert output.last == lines[-1]


def test_what_is_no_text_is_told_in_words() -> None:
    data = base64.b64encode(b"\x89PNG" * 1000).decode()
    blocks: list[types.ContentBlock] = [
        types.TextContent(text="Here:"),
        types.ImageContent(data=data, mime_type="image/png"),
        types.AudioContent(data="", mime_type="audio/wav\nx"),
        types.ResourceLink(uri="file:///a.txt", name="a\u202etxt.exe", size=1200),
        types.EmbeddedResource(resource=types.TextResourceContents(uri="x://y", text="inside")),
        types.EmbeddedResource(resource=types.BlobResourceContents(uri="x://z", blob=data)),
    ]
    assert content_text(blocks).splitlines() == [
        "Here:",
        "[An image (image/png, 4.0 kB) that the model cannot take in.]",
        "[A recording (audio/wav x, 0 bytes) that the model cannot take in.]",
        "[A link to the resource “atxt.exe”, 1.2 kB: file:///a.txt]",
        "[The resource x://y:]",
        "inside",
        "[The resource x://z is not text: unknown kind, 4.0 kB.]",
    ]
    assert content_text([], {"sum": 3}) == '{\n "sum": 3\n}'
    assert content_text([]) == "(The tool answered without a text.)"


def test_resources_are_texts_where_they_can_be() -> None:
    text = base64.b64encode("héllo".encode()).decode()
    parts: list[types.TextResourceContents | types.BlobResourceContents] = [
        types.TextResourceContents(uri="a://b/notes.txt", text="one", mime_type="text/plain"),
        types.BlobResourceContents(uri="a://c", blob=text, mime_type="text/x; charset=utf-8"),
    ]
    found = resource_text("a://b/notes.txt", types.ReadResourceResult(contents=parts))
    assert (found.name, found.text, found.is_text) == ("notes.txt", "one\nhéllo", True)
    blob = types.BlobResourceContents(uri="a://d", blob=text, mime_type="image/png")
    assert not resource_text("a://d", types.ReadResourceResult(contents=[blob])).is_text


def test_prompts_say_who_speaks_when_it_is_not_the_person_alone() -> None:
    hello = types.PromptMessage(role="user", content=types.TextContent(text="Hello"))
    reply = types.PromptMessage(role="assistant", content=types.TextContent(text="Hi"))
    assert prompt_text(types.GetPromptResult(messages=[hello])) == "Hello"
    both = prompt_text(types.GetPromptResult(messages=[hello, reply]))
    assert both == "user: Hello\n\nassistant: Hi"


def test_one_line_is_one_line() -> None:
    assert one_line("a\r\nb\u2028c\x1b[0m\u200bd") == "a b c[0md"
    assert one_line("x" * 300) == "x" * 199 + "…"


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n"))))
def test_a_command_line_is_read_as_it_was_written(words: list[str]) -> None:
    assert split_line(join_line(words)) == words


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (r"npx -y @scope/server C:\Users\me", ["npx", "-y", "@scope/server", r"C:\Users\me"]),
        (r'"C:\Program Files\node.exe" a', [r"C:\Program Files\node.exe", "a"]),
        ("run --name='two words' it's", ["run", "--name=two words", "it's"]),
        ('say "" end', ["say", "", "end"]),
        ("  ", []),
    ],
)
def test_command_lines_that_people_type(line: str, words: list[str]) -> None:
    assert split_line(line) == words


def test_a_quote_that_is_not_closed() -> None:
    with pytest.raises(UnclosedError):
        split_line('npx "unfinished')
