"""`glm-launcher prompt` and `glm-launcher parse`: what a model is told, and how it is understood.

Exit codes: 0 done, 1 the input is at fault (said on stderr), 2 wrong usage (argparse).
"""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from app.core.errors import KnownError
from app.core.json import JsonObject, JsonValue
from app.dialect.answer import ParsedAnswer, parse
from app.dialect.jsontext import JsonTextError, read_json
from app.dialect.openai_form import normalized_messages, normalized_tools, tool_specs
from app.dialect.template import ChatTemplate
from app.gguf.metadata import read_language

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.dialect.events import Family

_MAX_FILE_BYTES = 256 * 2**20


def add_parsers(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Each subcommand sets `run`, a function of the parsed arguments that gives an exit code."""
    prompt = subparsers.add_parser("prompt", help="print the exact prompt for a conversation")
    prompt.add_argument("--model", type=Path, required=True, help="the GGUF file")
    prompt.add_argument(
        "--conversation",
        type=Path,
        required=True,
        help='OpenAI-style JSON: {"messages": [...], "tools": [...]}',
    )
    prompt.add_argument("--tools", type=Path, help="a JSON list of OpenAI tool schemas")
    prompt.add_argument("--no-thinking", action="store_true", help="ask for an answer at once")
    prompt.set_defaults(run=run_prompt)

    answer = subparsers.add_parser("parse", help="read a model's raw answer from standard input")
    source = answer.add_mutually_exclusive_group()
    source.add_argument("--model", type=Path, help="read as this GGUF file's model is read")
    source.add_argument("--family", choices=("glm", "json", "plain"), help="default: glm")
    answer.add_argument("--tools", type=Path, help="a JSON list of OpenAI tool schemas")
    answer.add_argument(
        "--thinking-open", action="store_true", help="the prompt ended inside a thinking block"
    )
    answer.set_defaults(run=run_parse)


def run_prompt(args: argparse.Namespace) -> int:
    return _reported(lambda: _prompt(args))


def run_parse(args: argparse.Namespace) -> int:
    return _reported(lambda: _parsed(args))


def _prompt(args: argparse.Namespace) -> str:
    conversation = _read_json_file(args.conversation)
    if isinstance(conversation, list):
        conversation = {"messages": conversation}
    if not isinstance(conversation, dict):
        raise KnownError(
            f"{args.conversation.name} is not a conversation.",
            "It holds neither an object nor a list.",
            'It should look like {"messages": [...], "tools": [...]}.',
        )
    messages = normalized_messages(conversation.get("messages"))
    tools = _tools(args.tools) if args.tools else normalized_tools(conversation.get("tools"))
    template = _template(args.model)
    return template.render_openai(messages, tools, thinking=not args.no_thinking).text


def _parsed(args: argparse.Namespace) -> str:
    tools = tool_specs(_tools(args.tools) if args.tools else [])
    family: Family = args.family or "glm"
    if args.model:
        family = _template(args.model).capabilities.family
    text = sys.stdin.buffer.read().decode("utf-8-sig", "replace")
    answer = parse(text, family, tools, args.thinking_open)
    return json.dumps(_as_json(answer), ensure_ascii=False, indent=2) + "\n"


def _as_json(answer: ParsedAnswer) -> JsonObject:
    calls: list[JsonValue] = [
        {"name": call.name, "arguments": call.arguments} for call in answer.tool_calls
    ]
    return {
        "reasoning": answer.reasoning,
        "content": answer.content,
        "tool_calls": calls,
        "errors": list(answer.errors),
    }


def _template(path: Path) -> ChatTemplate:
    language = read_language(path)
    template = ChatTemplate(
        language.chat_template,
        special_tokens=language.special_tokens,
        bos_text=language.bos_text,
        eos_text=language.eos_text,
    )
    if template.is_fallback:
        print(f"{path.name} has no chat template; a plain one is used.", file=sys.stderr)
    return template


def _tools(path: Path) -> list[JsonObject]:
    value = _read_json_file(path)
    return normalized_tools(value.get("tools") if isinstance(value, dict) else value)


def _read_json_file(path: Path) -> JsonValue:
    try:
        if path.stat().st_size > _MAX_FILE_BYTES:
            raise KnownError(f"{path.name} is too large.", "", "Choose another file.")
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise KnownError(
            f"{path.name} cannot be read.", f"{error.strerror}.", "Check the name of the file."
        ) from error
    except UnicodeDecodeError as error:
        raise KnownError(
            f"{path.name} is not text in UTF-8.", "", "Save it as UTF-8.", str(error)
        ) from error
    try:
        return read_json(text)
    except JsonTextError as error:
        raise KnownError(
            f"{path.name} cannot be used: {error}.", "", "Correct the file and try again."
        ) from error


def _reported(work: "Callable[[], str]") -> int:
    """UTF-8 in and out, whatever the locale, and not a byte more than the text."""
    try:
        text = work()
    except KnownError as error:
        sys.stderr.buffer.write(f"{error}\n".encode("utf-8", "replace"))
        sys.stderr.flush()
        return 1
    sys.stdout.buffer.write(text.encode("utf-8", "replace"))
    sys.stdout.flush()
    return 0
