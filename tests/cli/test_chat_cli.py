import io
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from app import __version__
from app.chat.events import RoundFinished, ToolFinished, ToolStarted, TurnEvent, TurnFinished
from app.cli import run
from app.cli_chat import in_foreground
from app.cli_output import TextPrinter, as_json
from app.core.cancel import CancelToken
from app.core.errors import Cancelled, KnownError
from app.core.messages import (
    Message,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from app.core.paths import demo_model_path
from app.dialect.events import ReasoningClosed, ReasoningDelta, TextDelta
from tests.chat.scripted import stats
from tests.models import write_model

WAIT = 60.0
ROOT = Path(__file__).parents[2]
SCRIPT = ["<|assistant|>", "<think>", "Hm, ", "well", "</think>", "Grüß", " 你好"]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thinks “Hm, well” and answers “Grüß 你好” to everything; run on one thread as the demo model
    is, whose name it has."""
    path = tmp_path_factory.mktemp("model") / demo_model_path().name
    words = [word for word in SCRIPT if not word.startswith("<")]
    write_model(path, words=words, scripts=[SCRIPT])
    return path


def glm_launcher(
    *arguments: str, stdin: str = "", locale: str = "C"
) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "LC_ALL": locale, "PYTHONIOENCODING": "ascii"}
    return subprocess.run(
        [sys.executable, "-m", "app", *arguments],
        cwd=ROOT,
        env=environment,
        input=stdin.encode(),
        capture_output=True,
        timeout=WAIT,
        check=False,
    )


def test_one_turn_answer_on_stdout_thinking_on_stderr(model: Path) -> None:
    done = glm_launcher("chat", "--message", "Hi", "--model", str(model), "--temperature", "0")
    assert done.stdout.decode() == "Grüß 你好\n"
    assert done.stderr.decode() == "[thinking]\nHm, well\n[end of thinking]\n"
    assert done.returncode == 0


def test_one_turn_as_json_with_the_message_from_stdin(model: Path) -> None:
    done = glm_launcher(
        *("chat", "--message", "-", "--model", str(model), "--json"),
        *("--temperature", "0", "--seed", "7", "--context", "512"),
        stdin="Wie geht’s?\n",
    )
    assert done.stderr == b""
    answer = json.loads(done.stdout)
    assert answer["reasoning"] == "Hm, well"
    assert answer["content"] == "Grüß 你好"
    assert answer["tool_calls"] == []
    assert answer["finish_reason"] == "end"
    assert answer["stats"]["seed"] == 7
    assert answer["stats"]["context_total_tokens"] == 512
    assert done.returncode == 0


def test_a_thinking_budget_is_a_number_of_tokens(model: Path) -> None:
    words = ("chat", "--message", "Hi", "--model", str(model), "--temperature", "0")
    within = glm_launcher(*words, "--thinking-budget", "1000")
    assert within.stderr.decode() == "[thinking]\nHm, well\n[end of thinking]\n"
    wrong = glm_launcher(*words, "--thinking-budget", "-5")
    assert wrong.returncode == 2
    assert "not a number of tokens" in wrong.stderr.decode()


def test_the_longest_answer_can_be_limited(model: Path) -> None:
    done = glm_launcher(
        *("chat", "--message", "Hi", "--model", str(model), "--temperature", "0"),
        *("--max-tokens", "2", "--json"),
    )
    answer = json.loads(done.stdout)
    assert answer["finish_reason"] == "max_tokens"
    assert "longest allowed length" in answer["notice"]
    assert done.returncode == 0


def test_a_reader_that_goes_away_is_no_drama(model: Path) -> None:
    command = [sys.executable, "-m", "app", "chat", "--message", "Hi", "--model", str(model)]
    with subprocess.Popen(
        [*command, "--temperature", "0"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        process.stdout = None
        _, errors = process.communicate(timeout=WAIT)
    assert b"Traceback" not in errors
    assert b"BrokenPipe" not in errors
    assert process.returncode == 141


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["chat", "--message", "Hi", "--model", "/no/such/file.gguf"], 1, "no file"),
        (["chat", "--message", "  "], 1, "no question"),
        (["chat"], 2, "--message"),
        (["chat", "--message", "Hi", "--seed", "x"], 2, "--seed"),
        (["chat", "--message", "Hi", "--temperature", "9"], 2, "between 0 and 5"),
        (["chat", "--message", "Hi", "--context", "-1"], 2, "--context"),
        (["dance"], 2, "dance"),
    ],
)
def test_what_goes_wrong_is_said_in_a_sentence(
    arguments: Sequence[str], status: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == status
    errors = capsys.readouterr().err
    assert said in errors
    assert "Traceback" not in errors


def test_the_self_test_fails_with_a_model_that_cannot_do_it(
    model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("app.selftest.demo_model_path", lambda: model)
    assert run(["--self-test"]) == 1
    shown = capsys.readouterr().out
    assert "Thought: Hm, well" in shown
    assert "FAILED: Expected an answer without thinking." in shown


def test_the_version_and_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"GLM Launcher {__version__}\n"
    assert run(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in ("chat", "prompt", "parse", "--self-test", "--model"))


def test_nothing_heavy_is_imported_before_it_is_needed() -> None:
    heavy = ("PySide6", "llama_cpp", "numpy")
    code = f"import sys, app.cli; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, timeout=WAIT, check=True
    )
    assert done.stdout.strip() == b"[]"


def test_ctrl_c_stops_the_work_and_keeps_its_result() -> None:
    def work(cancel: CancelToken) -> str:
        os.kill(os.getpid(), signal.SIGINT)
        assert cancel.wait(WAIT)
        return "half"

    before = signal.getsignal(signal.SIGINT)
    assert in_foreground(work) == "half"
    assert signal.getsignal(signal.SIGINT) is before


def test_a_second_ctrl_c_does_not_wait_for_deaf_work() -> None:
    release = threading.Event()

    def deaf(cancel: CancelToken) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        assert cancel.wait(WAIT)
        os.kill(os.getpid(), signal.SIGINT)
        assert release.wait(WAIT)

    # What was in force before does not matter: the second one interrupts.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with pytest.raises(KeyboardInterrupt):
            in_foreground(deaf, patience_seconds=0.0)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
        release.set()


@pytest.mark.parametrize("error", [KnownError("No."), Cancelled(), ZeroDivisionError()])
def test_errors_of_the_work_arrive_in_front(error: Exception) -> None:
    def work(_cancel: CancelToken) -> None:
        raise error

    with pytest.raises(type(error)):
        in_foreground(work)


CALL = ToolCallPart("1", "calculator", {"expression": "1+1"})
RESULT = ToolResultPart("1", "calculator", "2")
TURN = TurnFinished(
    (
        Message("assistant", (ReasoningPart("Sum."), CALL)),
        Message("tool", (RESULT,)),
        Message("assistant", (ReasoningPart("Done."), TextPart("It is 2."))),
    ),
    "end",
)


def test_the_json_of_a_turn_with_tools() -> None:
    answer = as_json(TURN, stats(5), 2)
    assert answer["reasoning"] == "Sum.\n\nDone."
    assert answer["content"] == "It is 2."
    assert answer["tool_calls"] == [
        {"name": "calculator", "arguments": {"expression": "1+1"}, "result": "2"}
    ]
    assert isinstance(answer["stats"], dict)
    assert answer["stats"]["rounds"] == 2


def show(*events: TurnEvent) -> tuple[str, str]:
    out, side = io.StringIO(), io.StringIO()
    printer = TextPrinter(out, side)
    for event in events:
        printer.show(event)
    printer.end(TurnFinished((), "end", "A notice."))
    return out.getvalue(), side.getvalue()


def test_the_answer_alone_goes_to_stdout() -> None:
    out, side = show(
        ReasoningDelta("Sum."),
        ReasoningClosed(True),
        ToolStarted(CALL),
        ToolFinished(RESULT),
        RoundFinished(TURN.messages[0], "end", stats(5)),
        TextDelta("It is"),
        TextDelta(" 2."),
    )
    assert out == "It is 2.\n"
    assert side == (
        "[thinking]\nSum.\n[end of thinking]\n"
        '[calculator {"expression": "1+1"}]\n[calculator → 2]\n[A notice.]\n'
    )


def test_control_characters_never_reach_the_terminal() -> None:
    out, side = show(ReasoningDelta("\x1b[31m"), TextDelta("a\x1b]0;title\x07b\tc\r\n"))
    assert out == "a�]0;title�b\tc�\n"
    assert "\x1b" not in side


def test_output_that_nobody_reads_is_noticed() -> None:
    class Gone(io.StringIO):
        def write(self, _text: str) -> int:
            raise BrokenPipeError

    printer = TextPrinter(Gone(), io.StringIO())
    printer.show(TextDelta("Hello"))
    assert printer.broken
