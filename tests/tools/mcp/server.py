"""A server that misbehaves as it is told: `python server.py HABIT`. Standard library only, so that
it starts quickly."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

HABIT = sys.argv[1] if len(sys.argv) > 1 else "good"
NOTES = Path(sys.argv[2]) if len(sys.argv) > 2 else None
EXTRA: list[str] = []


def say(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    sys.stdout.flush()


def note(text: str) -> None:
    if NOTES is not None:
        with NOTES.open("a", encoding="utf-8") as file:
            file.write(text + "\n")


def tool(name: str, schema: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {"name": name, "inputSchema": schema or {"type": "object", "properties": {}}, **more}


def nested(depth: int) -> dict[str, Any]:
    return {"type": "object", "properties": {"a": nested(depth - 1)} if depth else {}}


def tools() -> list[dict[str, Any]]:
    word = {"type": "object", "properties": {"word": {"type": "string"}}, "required": ["word"]}
    found = [
        tool("say", word, description="Says it.", annotations={"readOnlyHint": True}),
        tool("wait"),
        tool("crash"),
        tool("flood"),
        tool("huge"),
        tool("grow"),
        tool("fail"),
        tool("lie"),
        tool("ask"),
        tool("environment"),
    ]
    found += [tool(name) for name in EXTRA]
    if HABIT == "schemas":
        itself = {"$ref": "#/$defs/node"}
        node = {"type": "object", "properties": {"next": itself}}
        found += [
            tool("deep", nested(60)),
            tool("large", {"type": "object", "description": "x" * 70_000}),
            tool("itself", {**node, "$defs": {"node": node}}),
            tool("elsewhere", {"type": "object", "properties": {"n": {"$ref": "http://a/b"}}}),
            tool("bad\nname"),
            tool("say", description="A second one of that name."),
        ]
    if HABIT == "many":
        found += [tool(f"tool-{number}") for number in range(300)]
    return found


def call(identity: Any, name: str, arguments: dict[str, Any]) -> None:
    if name == "wait":
        note("waiting")
        return  # no answer; a cancellation is noted by the loop
    if name == "crash":
        sys.stderr.write("about to fall over\n")
        sys.stderr.flush()
        os._exit(3)
    if name == "flood":
        for number in range(3_000):
            say(
                {
                    "method": "notifications/message",
                    "params": {"level": "info", "data": str(number)},
                }
            )
    if name == "huge":
        sys.stdout.write("x" * 9_000_000)
        sys.stdout.flush()
        time.sleep(60)
    if name == "grow":
        EXTRA.append("new")
        say({"method": "notifications/tools/list_changed"})
    text = {
        "say": str(arguments.get("word")),
        "environment": json.dumps(dict(os.environ)),
        "flood": "done",
        "grow": "grown",
        "ask": "never",
    }.get(name, name)
    if name == "ask":
        wanted = {"messages": [], "maxTokens": 5}
        say({"id": "q1", "method": "sampling/createMessage", "params": wanted})
        return
    result: dict[str, Any] = {"content": [{"type": "text", "text": text}]}
    if name == "fail":
        result = {"content": [{"type": "text", "text": "no such file"}], "isError": True}
    if name == "lie":
        result = {"content": "this is not a list"}
    say({"id": identity, "result": result})


def answer(message: dict[str, Any]) -> None:
    method, identity = message.get("method"), message.get("id")
    if method == "initialize":
        if HABIT == "silent":
            return
        capabilities = {"tools": {"listChanged": True}, "resources": {}, "prompts": {}}
        info = {"name": "test", "version": "1"}
        version = message["params"]["protocolVersion"]
        say(
            {
                "id": identity,
                "result": {
                    "protocolVersion": version,
                    "capabilities": capabilities,
                    "serverInfo": info,
                },
            }
        )
    elif method == "tools/list":
        if HABIT == "loops":
            say({"id": identity, "result": {"tools": tools()[:1], "nextCursor": "again"}})
        elif HABIT == "refuses":
            say({"id": identity, "error": {"code": -32000, "message": "not today"}})
        else:
            say({"id": identity, "result": {"tools": tools()}})
    elif method == "resources/list":
        entry = {"uri": "test://notes.txt", "name": "notes", "mimeType": "text/plain", "size": 5}
        image = {"uri": "test://logo.png", "name": "logo"}
        say({"id": identity, "result": {"resources": [entry, image]}})
    elif method == "resources/read":
        contents = [{"uri": "test://notes.txt", "mimeType": "text/plain", "text": "hello"}]
        if message["params"]["uri"] == "test://logo.png":
            contents = [{"uri": "test://logo.png", "mimeType": "image/png", "blob": "iVBORw0="}]
        say({"id": identity, "result": {"contents": contents}})
    elif method == "prompts/list":
        asks = [{"name": "who", "required": True}, {"name": "how"}]
        prompts = [{"name": "greet"}, {"name": "letter", "arguments": asks}]
        say({"id": identity, "result": {"prompts": prompts}})
    elif method == "prompts/get":
        values = message["params"].get("arguments") or {}
        text = f"Write to {values}." if values else "Say hello."
        content = {"type": "text", "text": text}
        say({"id": identity, "result": {"messages": [{"role": "user", "content": content}]}})
    elif method == "tools/call":
        call(identity, message["params"]["name"], message["params"].get("arguments") or {})
    elif method == "notifications/cancelled":
        note("cancelled")
    elif identity is not None and method is not None:
        say({"id": identity, "error": {"code": -32601, "message": "unknown"}})
    elif identity == "q1":
        note("refused" if "error" in message else "answered")


def main() -> None:
    note(f"started {os.getpid()}")
    if HABIT == "exits":
        sys.stderr.write("Usage: give me a folder\n")
        raise SystemExit(2)
    if HABIT == "chatty":
        sys.stdout.write("Server is up and running\n\n{broken\n")
        sys.stdout.flush()
    if HABIT == "child":
        child = subprocess.Popen(["sleep", "600"])
        note(f"child {child.pid}")
    if HABIT == "stays":
        import signal

        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for line in sys.stdin:
        answer(json.loads(line))
    note("input closed")
    if HABIT == "stays":
        time.sleep(600)


main()
