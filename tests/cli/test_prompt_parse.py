"""The commands `prompt` and `parse`, on files as people have them."""

import argparse
import io
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import gguf
import numpy as np
import pytest

from app.cli_dialect import add_parsers
from app.core.json import JsonObject
from app.core.paths import resources_dir
from app.dialect.openai_form import normalized_messages
from tests.dialect.reference import reference

TOKENS = ["a", "[gMASK]", "<sop>", "<|user|>", "<think>", "</think>", "/nothink"]
TOOLS: list[JsonObject] = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "Wetter für eine Stadt",
            "strict": True,
            "parameters": {
                "type": "object",
                "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
                "required": ["city"],
            },
        },
    }
]
MESSAGES = [
    {"role": "system", "content": "Be brief 🙂"},
    {"role": "user", "content": [{"type": "text", "text": "天气 <|user|>"}]},
    {
        "role": "assistant",
        "content": None,
        "reasoning_content": "look",
        "tool_calls": [
            {"id": "1", "type": "function", "function": {"name": "get_weather", "arguments": a}}
            for a in ('{"city": "Köln", "days": 2}', {"city": "\n"})
        ],
    },
    {"role": "tool", "tool_call_id": "1", "content": "sunny\n"},
    {"role": "tool", "tool_call_id": "2", "content": "rain"},
]


def template(name: str) -> str:
    return (resources_dir() / "templates" / f"{name}.jinja").read_text(encoding="utf-8")


def write_model(path: Path, chat_template: str | None, tokens: Sequence[str] = TOKENS) -> Path:
    writer = gguf.GGUFWriter(str(path), "glm4moe")
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(list(tokens))
    writer.add_token_types([1, *[3] * (len(tokens) - 1)])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(3)
    if chat_template is not None:
        writer.add_chat_template(chat_template)
    writer.add_tensor("output_norm.weight", np.zeros(32, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("model") / "glm.gguf", template("GLM-4.6"))


class Shell:
    """Runs a subcommand as the program does; its streams are bytes in a foreign locale."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self._monkeypatch = monkeypatch
        self._folder = folder

    def file(self, name: str, value: object) -> Path:
        path = self._folder / name
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        path.write_text(text, encoding="utf-8")
        return path

    def run(self, *words: object, stdin: bytes = b"") -> SimpleNamespace:
        parser = argparse.ArgumentParser()
        add_parsers(parser.add_subparsers(required=True))
        out, err = io.BytesIO(), io.BytesIO()
        with self._monkeypatch.context() as patch:
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), "ascii"))
            patch.setattr(sys, "stdout", io.TextIOWrapper(out, "ascii", newline="\r\n"))
            patch.setattr(sys, "stderr", io.TextIOWrapper(err, "ascii"))
            args = parser.parse_args([str(word) for word in words])
            code = args.run(args)
            sys.stdout.flush()
            sys.stderr.flush()
            return SimpleNamespace(
                code=code, out=out.getvalue().decode(), err=err.getvalue().decode()
            )


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Shell:
    return Shell(monkeypatch, tmp_path)


@pytest.mark.parametrize("name", ["GLM-4.6", "GLM-4.7-Flash"])
@pytest.mark.parametrize("thinking", [True, False])
def test_the_prompt_and_nothing_else(
    shell: Shell, tmp_path: Path, name: str, thinking: bool
) -> None:
    path = write_model(tmp_path / "model.gguf", template(name))
    conversation = shell.file("c.json", {"messages": MESSAGES, "tools": TOOLS})
    words = ["prompt", "--model", path, "--conversation", conversation]
    done = shell.run(*words, *([] if thinking else ["--no-thinking"]))
    assert (done.code, done.err) == (0, "")
    assert done.out == reference(
        template(name), normalized_messages(MESSAGES), TOOLS, enable_thinking=thinking
    )


def test_tools_from_a_file_of_their_own(shell: Shell, model: Path) -> None:
    conversation = shell.file("c.json", {"messages": [{"role": "user", "content": "Hi"}]})
    words = ["prompt", "--model", model, "--conversation", conversation]
    assert "get_weather" not in shell.run(*words).out
    assert "get_weather" in shell.run(*words, "--tools", shell.file("t.json", TOOLS)).out


def test_a_large_vocabulary(shell: Shell, tmp_path: Path) -> None:
    tokens = [*TOKENS, *(f"<|{number}|>" for number in range(3000))]
    path = write_model(tmp_path / "large.gguf", template("GLM-4.6"), tokens)
    conversation = shell.file("c.json", [{"role": "user", "content": "Hi <|2999|>"}])
    done = shell.run("prompt", "--model", path, "--conversation", conversation)
    assert done.out == "[gMASK]<sop><|user|>\nHi <|2999|><|assistant|>"


def test_a_model_without_a_template(shell: Shell, tmp_path: Path) -> None:
    path = write_model(tmp_path / "bare.gguf", None)
    conversation = shell.file("c.json", [{"role": "user", "content": "Hi"}])
    done = shell.run("prompt", "--model", path, "--conversation", conversation)
    assert done.code == 0
    assert done.out.endswith("<|im_start|>assistant\n")
    assert "no chat template" in done.err


@pytest.mark.parametrize(
    "conversation",
    ["{", "5", "{}", '{"messages": [{"role": "user", "content": 5}]}', '{"a": 1, "a": 2}', ""],
)
def test_bad_conversations_are_told(shell: Shell, model: Path, conversation: str) -> None:
    path = shell.file("c.json", conversation)
    done = shell.run("prompt", "--model", model, "--conversation", path)
    assert (done.code, done.out) == (1, "")
    assert "Traceback" not in done.err
    assert done.err.strip()


def test_missing_and_unreadable_files_are_told(shell: Shell, model: Path, tmp_path: Path) -> None:
    good = shell.file("c.json", [{"role": "user", "content": "Hi"}])
    (tmp_path / "latin.json").write_bytes('["ü"]'.encode("latin-1"))
    (tmp_path / "no.gguf").write_bytes(b"nothing")
    for words in (
        ["--model", model, "--conversation", tmp_path / "missing.json"],
        ["--model", model, "--conversation", tmp_path],
        ["--model", model, "--conversation", tmp_path / "latin.json"],
        ["--model", tmp_path / "no.gguf", "--conversation", good],
        ["--model", tmp_path / "missing.gguf", "--conversation", good],
        ["--model", model, "--conversation", good, "--tools", good],
    ):
        done = shell.run("prompt", *words)
        assert (done.code, done.out) == (1, "")
        assert done.err.strip()


ANSWER = (
    "\n<think>Überlegen</think>\nIch schaue 🙂\n<tool_call>get_weather\n<arg_key>city</arg_key>\n"
    "<arg_value>Köln</arg_value>\n<arg_key>days</arg_key>\n<arg_value>2</arg_value>\n</tool_call>"
)


@pytest.mark.parametrize("reader", ["nothing said", "family", "model"])
def test_parse(shell: Shell, model: Path, reader: str) -> None:
    how: dict[str, list[object]] = {"family": ["--family", "glm"], "model": ["--model", model]}
    tools = shell.file("t.json", TOOLS)
    done = shell.run("parse", *how.get(reader, []), "--tools", tools, stdin=ANSWER.encode())
    assert (done.code, done.err) == (0, "")
    assert json.loads(done.out) == {
        "reasoning": "Überlegen",
        "content": "Ich schaue 🙂",
        "tool_calls": [{"name": "get_weather", "arguments": {"city": "Köln", "days": 2}}],
        "errors": [],
    }
    assert "Köln" in done.out


def test_parse_from_inside_thinking(shell: Shell) -> None:
    done = shell.run("parse", "--thinking-open", stdin=b"still thinking")
    assert json.loads(done.out)["reasoning"] == "still thinking"


def test_parse_tells_errors_and_bytes_that_are_no_text(shell: Shell) -> None:
    done = shell.run("parse", stdin=b"\xff <tool_call>fly</tool_call>")
    answer = json.loads(done.out)
    assert done.code == 0
    assert answer["content"] == "\ufffd"
    assert answer["tool_calls"] == []
    assert "fly" in answer["errors"][0]
