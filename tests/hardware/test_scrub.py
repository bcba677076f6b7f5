"""A report tells what a machine is and not whose or where it is."""

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
    ],
)
def test_what_gives_somebody_away_is_taken_out(text: str, cleaned: str | None) -> None:
    assert _SCRUBBER.clean(text) == (text if cleaned is None else cleaned)


@given(st.text(max_size=200), st.sampled_from(["anna", "Anna Müller", "annas-pc"]))
def test_names_never_come_through(text: str, name: str) -> None:
    cleaned = _SCRUBBER.clean(f"{text} {name} {text}")
    assert f" {name} " not in f" {cleaned} "
    assert cleaned.isprintable() or "\n" in cleaned


def test_the_environment_s_names_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "mybox.lan")
    environ = {"USER": "wilhelmine", "HOME": "/srv/people/wilhelmine"}
    cleaned = own_scrubber(environ).clean("wilhelmine at mybox: /srv/people/wilhelmine/x.py")
    assert cleaned == "[user] at [host]: …/x.py"
