"""What downloads say of themselves, and what addresses mean."""

import pytest

from app.catalog.names import RepoFile
from app.catalog.quantizations import group
from app.core.errors import KnownError
from app.downloads.types import JobState
from app.ui.downloads.address import Address, choose, parse_address
from app.ui.downloads.words import (
    badge_percent,
    cancel_text,
    chip_of,
    left_text,
    part_of,
    progress_text,
    state_text,
    summary_text,
)
from tests.ui.fake_queue import GB, every_state, job

COMMIT = "a" * 40


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("unsloth/GLM-4.6-GGUF", Address("unsloth/GLM-4.6-GGUF")),
        ("  unsloth/GLM-4.6-GGUF:UD-Q3_K_XL ", Address("unsloth/GLM-4.6-GGUF", "UD-Q3_K_XL")),
        ("https://huggingface.co/unsloth/GLM-4.6-GGUF", Address("unsloth/GLM-4.6-GGUF")),
        ("huggingface.co/a/b/tree/main", Address("a/b")),
        (
            "https://huggingface.co/a/b/blob/v2/x.gguf",
            Address("a/b", path="x.gguf", revision="v2"),
        ),
        ("hf.co/a/b:Q4_K_M", Address("a/b", "Q4_K_M")),
        ("https://huggingface.co/a/b/tree/main/UD-Q3_K_XL", Address("a/b", path="UD-Q3_K_XL")),
        (
            "https://huggingface.co/a/b/resolve/main/x%20y.gguf?download=true",
            Address("a/b", path="x y.gguf"),
        ),
        ("https://mirror.example/a/b/blob/main/x.gguf", Address("a/b", path="x.gguf")),
    ],
)
def test_an_address_names_a_repository(text: str, meant: Address) -> None:
    assert parse_address(text, "https://mirror.example") == meant


@pytest.mark.parametrize(
    "text",
    [
        "", "GLM-4.6", "a/b/c", "../etc/passwd", "a/..", "https://example.org/a/b",
        "https://huggingface.co/datasets/a/b", "https://huggingface.co/", "file:///etc/passwd",
        "a/b:", "a/b\nc/d", "x" * 700, "https://[", "ftp://huggingface.co/a/b", "a/b:Q4\x00",
        "https://huggingface.co/a/b/tree/..%2F..%2Fetc", "https://huggingface.co/a/b/tree/%2Fetc",
    ],
)  # fmt: skip
def test_what_names_none_says_so_in_words(text: str) -> None:
    with pytest.raises(KnownError) as error:
        parse_address(text)
    assert error.value.what.endswith(".")
    assert error.value.next_step


def _files(*names: str) -> list[RepoFile]:
    return [RepoFile(name, 10**9, "f" * 64, COMMIT) for name in names]


def test_a_quantization_is_chosen_by_name_by_path_or_because_there_is_one() -> None:
    offered = group(_files("Q4_K_M/m-Q4_K_M-00001-of-00001.gguf", "m-Q8_0.gguf"))
    for address in (Address("a/b", "q8_0"), Address("a/b", path="m-Q8_0.gguf")):
        chosen = choose(address, offered)
        assert chosen is not None
        assert chosen.name == "Q8_0"
    inside = choose(Address("a/b", path="Q4_K_M"), offered)
    assert inside is not None
    assert inside.name == "Q4_K_M"
    assert choose(Address("a/b"), offered) is None
    assert choose(Address("a/b"), group(_files("m-Q8_0.gguf"))) is not None


def test_what_is_not_there_is_refused_with_what_is() -> None:
    offered = group(_files("m-Q8_0.gguf"))
    with pytest.raises(KnownError) as error:
        choose(Address("a/b", "Q2_K"), offered)
    assert "Q8_0" in str(error.value)
    with pytest.raises(KnownError) as foreign:
        choose(Address("a/b"), group(_files("m-IQ4_KSS.gguf")))
    assert "ik_llama.cpp" in str(foreign.value)


def test_the_unit_is_said_once_where_it_is_the_same() -> None:
    assert part_of(66_400_000_000, 158 * GB) == "66.4 of 158 GB"
    assert part_of(600_000_000, 158 * GB) == "600 MB of 158 GB"


def test_a_percent_is_never_rounded_up() -> None:
    assert badge_percent((job("a", done=0.9999),)) == "99%"
    assert "99%" in progress_text(job("a", done=0.999999))


def test_verified_is_told_apart_from_downloaded() -> None:
    assert "verified" not in progress_text(job("a"))
    assert "60.0 GB verified" in progress_text(job("a", verified=0.38))
    assert chip_of(job("a", done=1.0, verified=0.4))[0] == "Verifying"


def test_every_state_has_its_words() -> None:
    chips = {one.state: chip_of(one)[0] for one in every_state()[:-1]}
    assert len(set(chips.values())) == len(JobState)
    told = {one.job_id: state_text(one) for one in every_state()}
    assert "Next try in 12 s." in told["wait"]
    assert "212 GB more room" in told["space"]
    assert "46.0 GB now" in told["changed"]


def test_what_cancelling_throws_away_and_keeps() -> None:
    text = cancel_text(job("a", done=0.42))
    assert text == "26.9 GB of unfinished files are thrown away. 1 complete file stays (39.5 GB)."


def test_time_left_does_not_flicker() -> None:
    assert left_text(1901) == left_text(1899) == "about 32 min left"
    assert left_text(7.4) == "a few seconds left"


def test_the_summary_counts_what_goes_on() -> None:
    assert summary_text((), ()) == ""
    done = job("d", JobState.DONE, 1.0)
    assert summary_text((done,), ()) == "1 of 1 complete, nothing is running."
    running = job("r", speed_bytes_per_second=100e6)
    assert summary_text((done, running), (running,)) == (
        "1 in the queue · 66.4 of 158 GB · 100 MB/s · all in about 15 min"
    )
