"""A report tells what a machine is and not whose or where it is."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.hardware.scrub import Scrubber, own_scrubber

_SCRUBBER = Scrubber(["anna", "Anna Müller", "ab"], ["annas-pc", "box.example.org"], ["/home/anna"])


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("Loading /home/anna/models/GLM.gguf", "Loading …/GLM.gguf"),
        ("/home/anna", "/~"),
        ("C:\\Users\\anna\\AppData\\x.log failed", "…/x.log failed"),
        ("\\\\server\\share\\My Models\\a b.gguf", "…/a b.gguf"),
        ("/media/Anna Müller's disk/a model.gguf: no", "…/a model.gguf: no"),
        ("user ANNA on Annas-PC", "user [user] on [host]"),
        ("host box at box.example.org", "host [host] at [host]"),
        ("annabel is another name", "annabel is another name"),
        ("token hf_abcdefghijklmnop used", "token [token] used"),
        ("Authorization: Bearer abc.def-ghi", "Authorization: Bearer [token]"),
        ("HF_TOKEN=secret-value x", "HF_TOKEN=[token] x"),
        ("GPU-12345678-1234-1234-1234-123456789abc", "[UUID]"),
        ("Serial Number: 4XY12345", "Serial Number: [serial]"),
        ("mail me@home.example now", "mail [email] now"),
        ("connect 192.168.1.17:8080", "connect [address]"),
        ("2026-11-24 10:11:12,345 INFO up", None),
        ("at aa:bb:cc:dd:ee:ff", "at [address]"),
        ("fe80::1ff:fe23:4567:890a up", "[address] up"),
        ("https://huggingface.co/a/b?token=x", "https://huggingface.co/a/b"),
        ("https://me:pw@mirror.example/x/y", "https://[host]/…"),
        ("a\x1b[31mb\x00", "a [31mb "),
        ("NVIDIA GeForce RTX 4090, 24.0 GB, driver 550.54", None),
        ("generation 4 x16 of generation 4 x16, 1008 GB/s", None),
        ("It answers at 6.4 tokens/s; 3/4 done", None),
        ("error:/data/secret/x.gguf", "error:…/x.gguf"),
        ("cannot open:/data/secret/dir", "cannot open:…"),
        ("[Errno 2] No such file: '/data/Familie Schmidt/models'", "[Errno 2] No such file: '…'"),
        ('"C:\\\\Users\\\\Al Ice\\\\my.bin" is gone', '"…/my.bin" is gone'),
        ("it's '/data/o'brien x/m.gguf', isn't it", "it's '…/m.gguf', isn't it"),
        ("PosixPath('/data/a b/x')", "PosixPath('…')"),
        ("/mnt/Familie Schmidt/a.part kept", "…/a.part kept"),
        ("~/secret/x.gguf and ~zoe/dir", "…/x.gguf and …"),
        ("smb://nas.local/zoe/x", "smb://[host]/…"),
        ("file:///home/al ice/a b.gguf", "…/a b.gguf"),
        ("hub at http://[fe80::1]:80/x", "hub at http://[host]/…"),
        ("PCI bus 0000:21:00.0 at 12:30:45", None),
        ("https://github.com/a/b/c", None),
    ],
)
def test_what_gives_somebody_away_is_taken_out(text: str, cleaned: str | None) -> None:
    assert _SCRUBBER.clean(text) == (text if cleaned is None else cleaned)


@given(st.text(max_size=200), st.sampled_from(["anna", "Anna Müller", "annas-pc"]))
def test_names_never_come_through(text: str, name: str) -> None:
    cleaned = _SCRUBBER.clean(f"{text} {name} {text}")
    assert f" {name} " not in f" {cleaned} "
    assert cleaned.isprintable() or "\n" in cleaned


@pytest.mark.parametrize(
    "name",
    ["Al ice", "a.b*c(d", "Ju\u0308rgen Mu\u0308ller", "王小明", "x`y|z", "gpu", "$USER", "o'brien",
     "-rf", "CORP\\bob"],
)  # fmt: skip
def test_hostile_names(name: str) -> None:
    scrubber = Scrubber([name], [], [f"/home/{name}", f"C:\\Users\\{name}"])
    composed = unicodedata.normalize("NFC", name).casefold()
    for text in (
        f"/home/{name}/models/GLM-4.6.gguf",
        f"Ready: /home/{name}/My Models/GLM-4.6.gguf",
        f"C:\\Users\\{name}\\AppData\\x.log",
        json.dumps(f"C:\\Users\\{name}\\models"),
        f"file:///home/{name}/a b.gguf",
        f"the user {name} is here",
        f"({name.upper()})",
        f"path='/home/{name}'",
        repr(OSError(2, "No such file", f"/home/{name}/x y/z")),
    ):
        assert composed not in scrubber.clean(text).casefold()


def test_the_person_s_folders_may_have_spaces() -> None:
    scrubber = Scrubber(folders=["/mnt/Familie Schmidt", "", "/"])
    assert scrubber.clean("/mnt/Familie Schmidt/models was read") == "… was read"
    assert scrubber.clean("24.0 GB/s") == "24.0 GB/s"


def test_the_environment_s_names_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "mybox.lan")
    environ = {"USER": "wilhelmine", "HOME": "/srv/people/wilhelmine"}
    cleaned = own_scrubber(environ).clean("wilhelmine at mybox: /srv/people/wilhelmine/x.py")
    assert cleaned == "[user] at [host]: …/x.py"
