"""What a hostile program can do in the sandbox: nothing that lasts, nothing that leaves."""

import os
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from app.core.cancel import CancelToken
from app.core.errors import Cancelled
from app.tools.python_code import sandbox
from app.tools.python_code.files import MAX_ENTRIES, Made, made_files, too_much
from app.tools.python_code.run_python import PythonTool, told
from app.tools.python_code.sandbox import Limits, Ran, run_sandboxed
from app.tools.python_code.syscalls import filter_program, known_machine

_WHY_NOT = "" if sys.platform != "linux" else PythonTool().unavailable()
if sys.platform == "linux" and not _WHY_NOT:
    _trial = PythonTool()
    _trial.prepare(CancelToken())
    _WHY_NOT = _trial.unavailable()
needs_sandbox = pytest.mark.skipif(
    sys.platform != "linux" or bool(_WHY_NOT), reason=_WHY_NOT or "there is no sandbox here"
)
pytestmark = needs_sandbox


def run(code: str, **limits: float) -> Ran:
    return run_sandboxed(code, CancelToken(), Limits(**limits))  # type: ignore[arg-type]


def test_a_program_that_prints_and_writes() -> None:
    ran = run(
        "import sys\nprint('größe')\nprint('oops', file=sys.stderr)\n"
        "open('a.csv', 'w').write('1,2')\nimport os\nos.mkdir('d')\nopen('d/b', 'wb').write(b'\\0')"
    )
    assert (ran.stdout, ran.stderr, ran.exit_status, ran.stopped) == ("größe\n", "oops\n", 0, "")
    assert ran.files == (Made("a.csv", 3, "1,2"), Made("d/b", 1, None))


def test_an_error_shows_its_line_and_nothing_of_ours() -> None:
    ran = run("x = 1\nraise ValueError('told')")
    assert ran.exit_status == 1
    assert ran.stderr == (
        'Traceback (most recent call last):\n  File "/code/main.py", line 2, in <module>\n'
        "    raise ValueError('told')\nValueError: told\n"
    )


def test_an_interpreter_may_lie_in_the_temporary_folder(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    usual = sandbox._python_folders()
    with tempfile.TemporaryDirectory(dir="/tmp") as prefix:
        monkeypatch.setattr(sandbox, "_python_folders", lambda: [*usual, prefix])
        ran = run("import tempfile\ntempfile.TemporaryFile().write(b'x')\nprint('there')")
    assert (ran.stdout, ran.stderr) == ("there\n", "")


def test_numpy_and_threads_work() -> None:
    ran = run(
        "import threading, numpy, tempfile\n"
        "t = threading.Thread(target=lambda: print(numpy.arange(5).sum()))\nt.start()\nt.join()\n"
        "tempfile.TemporaryFile().write(b'x')"
    )
    assert (ran.stdout, ran.stderr) == ("10\n", "")


@pytest.mark.parametrize(
    "code",
    [
        "os.fork()",
        "os.posix_spawn('/usr/bin/true', ['true'], {})",
        "subprocess.run(['/usr/bin/true'])",
        "os.system('true') and sys.exit(1)",
        "multiprocessing.Process(target=print).start()",
        "while True: os.fork()",
        "ctypes.CDLL(None, use_errno=True).fork() < 0 and sys.exit(1)",
        "ctypes.CDLL(None).unshare(0x10000000) < 0 and sys.exit(1)",
        "ctypes.CDLL(None).ptrace(0, 0, 0, 0) < 0 and sys.exit(1)",
        "ctypes.CDLL(None).setns(0, 0) < 0 and sys.exit(1)",
    ],
)
def test_other_processes_cannot_be_started(code: str) -> None:
    ran = run(
        f"import ctypes, multiprocessing, os, subprocess, sys\n{code}\nprint('did')", wall_seconds=8
    )
    assert ran.exit_status != 0
    assert "did" not in ran.stdout


@pytest.mark.parametrize(
    "code",
    [
        "socket.socket()",
        "socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)",
        "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
        "socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)",
        "socket.create_connection(('127.0.0.1', 80))",
        "socket.getaddrinfo('example.org', 80)",
        "urllib.request.urlopen('http://127.0.0.1/')",
        "socket.socket(socket.AF_UNIX).connect('/run/dbus/system_bus_socket')",
    ],
)
def test_there_is_no_network(code: str) -> None:
    ran = run(f"import socket, urllib.request\n{code}\nprint('did')")
    assert ran.exit_status == 1
    assert "did" not in ran.stdout


@pytest.mark.parametrize(
    "path",
    [
        "/x",
        "/usr/x",
        "/etc/x",
        "/dev/x",
        "/dev/shm/x",
        "/code/main.py",
        "/work/../x",
        sys.prefix + "/x",
    ],
)
def test_nothing_outside_the_folder_can_be_written(path: str) -> None:
    ran = run(f"open({path!r}, 'w')")
    assert ran.exit_status == 1
    assert "Read-only file system" in ran.stderr


def test_nothing_of_the_person_is_there(own_folders: Path) -> None:
    secret = own_folders / "secret.txt"
    secret.write_text("secret")
    ran = run(
        "import os\nprint(sorted(os.listdir('/')))\nprint(os.path.exists('/proc'))\n"
        "print(os.path.exists('/etc/passwd'), os.path.exists('/var'), os.path.exists('/run'))\n"
        f"print(os.path.exists({str(secret)!r}))\nprint(sorted(os.environ))"
    )
    lines = ran.stdout.splitlines()
    assert "home" not in lines[0] or not any("home" in one for one in (sys.prefix, sys.base_prefix))
    assert lines[1:4] == ["False", "False False False", "False"]
    assert "HF_TOKEN" not in lines[4]
    assert "XDG" not in lines[4]


def test_the_folder_is_gone_afterwards(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    run("open('a', 'w')\nimport os\nos.mkdir('d', 0)\nos.chmod('.', 0)")
    assert list(tmp_path.iterdir()) == []


def test_the_folder_goes_though_files_are_still_made(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    run("while True:\n    open('a', 'w').close()", wall_seconds=0.3)
    assert list(tmp_path.iterdir()) == []


def test_memory_is_bounded() -> None:
    ran = run("x = bytearray(2 << 30)")
    assert ran.exit_status == 1
    assert "MemoryError" in ran.stderr


def test_limits_cannot_be_raised() -> None:
    ran = run("import resource\nresource.setrlimit(resource.RLIMIT_AS, (-1, -1))")
    assert ran.exit_status == 1


def test_computing_is_bounded() -> None:
    ran = run("while True: pass", cpu_seconds=1)
    assert ran.exit_status > 128
    assert "computed for more than 1 s" in told(ran, Limits(cpu_seconds=1))


def test_computing_on_after_the_warning_is_bounded_too() -> None:
    ran = run(
        "import signal\nsignal.signal(signal.SIGXCPU, signal.SIG_IGN)\nwhile True: pass",
        cpu_seconds=1,
    )
    assert "computed for more than" in told(ran, Limits())


@pytest.mark.parametrize(
    "code",
    [
        "import time\ntime.sleep(60)",
        "import os, time\nos.close(1); os.close(2)\ntime.sleep(60)",
        "input()\nimport signal\nsignal.pause()",
        "import os\nos.mkfifo('p')\nopen('p')",
    ],
)
def test_waiting_is_bounded(code: str) -> None:
    ran = run(code.replace("input()\n", ""), wall_seconds=0.4)
    assert ran.stopped == "it took longer than 0.4 s"


def test_there_is_nothing_to_read_from_the_terminal() -> None:
    assert "EOFError" in run("input()").stderr


def test_a_flood_of_output_is_stopped_and_cut() -> None:
    ran = run("while True: print('x' * 1000)", output_bytes=300_000, kept_bytes=1_000)
    assert ran.stopped == "it wrote more than 0.3 MB of output"
    assert len(ran.stdout) < 1_400
    assert "bytes left out" in ran.stdout


def test_the_beginning_and_the_end_of_much_output_are_kept() -> None:
    ran = run("for n in range(2000): print(n)", kept_bytes=1_000)
    assert ran.stdout.startswith("0\n1\n")
    assert ran.stdout.endswith("1998\n1999\n")


def test_a_file_is_bounded() -> None:
    ran = run("open('big', 'wb').write(b'x' * 2_000_000)", file_bytes=1_000_000)
    assert "File too large" in ran.stderr
    assert ran.files == (Made("big", 1_000_000, None),)


def test_all_files_together_are_bounded() -> None:
    ran = run(
        "n = 0\nwhile True:\n    open(f'f{n}', 'wb').write(b'x' * 900_000)\n    n = (n + 1) % 150",
        folder_bytes=3_000_000,
    )
    assert ran.stopped == "it made more than 200 files, or more than 3 MB of them"


def test_too_many_files_are_stopped() -> None:
    ran = run("import time\nfor n in range(5000): open(str(n), 'w')\ntime.sleep(9)")
    assert ran.stopped.startswith("it made more than 200 files")
    assert len(ran.files) <= MAX_ENTRIES


def test_links_are_not_followed(tmp_path: Path) -> None:
    ran = run(
        "import os\nos.symlink('/etc/passwd', 'link')\nos.symlink('/etc', 'dir')\n"
        "os.mkfifo('pipe')\nopen('real', 'w').write('x')"
    )
    assert ran.files == (Made("real", 1, "x"),)
    (tmp_path / "secret").write_text("secret")
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "link").symlink_to(tmp_path / "secret")
    (inside / "folder").symlink_to(tmp_path)
    assert made_files(inside) == ()


def test_cancelling_ends_it_at_once() -> None:
    cancel = CancelToken()
    timer = threading.Timer(0.2, cancel.cancel)
    timer.start()
    with pytest.raises(Cancelled):
        run_sandboxed("import time\ntime.sleep(60)", cancel)
    timer.join()


def test_names_that_are_no_text_are_shown_all_the_same() -> None:
    ran = run("open(b'a\\xff', 'w').write('x')")
    assert [made.name for made in ran.files] == ["a?"]


def test_signs_that_cannot_be_encoded_in_the_program() -> None:
    assert run("print('a\ud800b')").stdout == "a?b\n"


def test_the_filter_is_whole_steps() -> None:
    assert known_machine()
    assert len(filter_program()) % 8 == 0


def test_a_folder_that_cannot_be_read_counts_as_empty(tmp_path: Path) -> None:
    assert not too_much(tmp_path / "gone", 1)
    assert made_files(tmp_path / "gone") == ()


def test_without_bubblewrap_it_does_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "bubblewrap", lambda: None)
    with pytest.raises(OSError, match="bwrap"):
        run_sandboxed("print(1)", CancelToken())


def test_the_program_s_own_secrets_do_not_go_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.setenv("LD_PRELOAD", "/nowhere.so")
    ran = run("import os\nprint(dict(os.environ))")
    assert "secret" not in ran.stdout
    assert "nowhere" not in ran.stdout + ran.stderr
    assert os.environ["HF_TOKEN"] == "hf_secret"
