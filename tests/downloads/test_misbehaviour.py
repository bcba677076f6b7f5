"""Servers that do everything wrong, one thing at a time; the files come out right."""

from pathlib import Path

import pytest

from app.downloads.types import MIB, DownloadRequest, JobState
from tests.downloads.helpers import HeldClock, Rig, assert_whole, offer, partials
from tests.hub.content import BytesContent, PatternContent
from tests.hub.faults import Fault, Host
from tests.hub.server import HubServer, RateLimit

SIZE = 20 * MIB + 12_345
PATH = "Q4_K_M/model.gguf"


@pytest.fixture
def request_(hub: HubServer) -> DownloadRequest:
    return offer(hub, {PATH: PatternContent(SIZE, 7)})


@pytest.mark.parametrize(
    ("host", "fault", "times"),
    [
        pytest.param("cdn", Fault(ignore_range=True), 3, id="200 to a range, now and then"),
        pytest.param("cdn", Fault(ignore_range=True), None, id="200 to every range"),
        pytest.param("cdn", Fault(cut_after=100_000), 8, id="short body"),
        pytest.param("cdn", Fault(cut_after=0), 4, id="empty body"),
        pytest.param("cdn", Fault(shorter_by=1_000_001), 6, id="shorter range than asked for"),
        pytest.param("cdn", Fault(shift=100), 3, id="another range than asked for"),
        pytest.param("cdn", Fault(reset_after=300_000), 6, id="connection reset"),
        pytest.param("cdn", Fault(cut_headers=True), 3, id="closed within the headers"),
        pytest.param("cdn", Fault(status=503), 5, id="503"),
        pytest.param("cdn", Fault(status=500, body=b"<html>"), 5, id="500 with a page"),
        pytest.param("cdn", Fault(status=429, headers={"Retry-After": "7"}), 6, id="429"),
        pytest.param("cdn", Fault(redirect_to="self"), 12, id="a loop that ends"),
        pytest.param("cdn", Fault(chunked=True), None, id="chunked bodies"),
        pytest.param("cdn", Fault(no_length=True), None, id="no length"),
        pytest.param("cdn", Fault(no_length=True, cut_after=50_000), 5, id="no length, cut"),
        pytest.param("cdn", Fault(status=206, body=b"x" * 10), 2, id="206 without a range"),
        pytest.param("api", Fault(status=502), 4, id="the Hub answers 502"),
        pytest.param("api", Fault(cut_headers=True), 3, id="the Hub closes at once"),
    ],
)
def test_the_file_comes_out_right(
    hub: HubServer,
    tmp_path: Path,
    clock: HeldClock,
    request_: DownloadRequest,
    host: Host,
    fault: Fault,
    times: int | None,
) -> None:
    hub.misbehave(PATH, fault, host=host, times=times)
    with Rig(hub, tmp_path, clock=clock) as rig:
        assert_whole(rig.get(request_))


def test_wrong_bytes_are_fetched_again(
    hub: HubServer, tmp_path: Path, clock: HeldClock, request_: DownloadRequest
) -> None:
    hub.misbehave(PATH, Fault(corrupt=(5 * MIB + 3,)), times=6)
    with Rig(hub, tmp_path, clock=clock) as rig:
        assert_whole(rig.get(request_))
    assert hub.sent_bytes >= 2 * SIZE


def test_bytes_that_stay_wrong_leave_nothing(
    hub: HubServer, tmp_path: Path, clock: HeldClock, request_: DownloadRequest
) -> None:
    hub.misbehave(PATH, Fault(corrupt=(5 * MIB + 3,)), times=None)
    with Rig(hub, tmp_path, clock=clock) as rig:
        status = rig.get(request_)
    assert status.state is JobState.FAILED
    assert status.error is not None
    assert "not what the Hub lists" in status.error.what
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []


def test_retry_after_is_obeyed(
    hub: HubServer, tmp_path: Path, clock: HeldClock, request_: DownloadRequest
) -> None:
    hub.misbehave(PATH, Fault(status=429, headers={"Retry-After": "33"}), times=1)
    with Rig(hub, tmp_path, clock=clock, connections=1) as rig:
        assert_whole(rig.get(request_))
        waiting = [s for s in rig.seen.statuses() if s.state is JobState.WAITING]
    assert any(33 <= seconds <= 34 for seconds in clock.slept)
    assert all("429" in s.reason for s in waiting)


def test_the_hubs_rate_limit_is_waited_for(
    hub: HubServer, tmp_path: Path, request_: DownloadRequest
) -> None:
    hub.rate_limit = RateLimit(remaining=0, reset_seconds=55)

    class LiftingClock(HeldClock):
        async def sleep(self, seconds: float) -> None:
            if seconds >= 55 and seconds != 30.0:
                hub.rate_limit = RateLimit(remaining=500, reset_seconds=300)
            await super().sleep(seconds)

    with Rig(hub, tmp_path, clock=LiftingClock()) as rig:
        assert_whole(rig.get(request_))


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault(stall_after=200_000), id="stall in the body"),
        pytest.param(Fault(stall_after=0), id="stall before the body"),
        pytest.param(Fault(stall_after=100_000, drip_seconds=0.01), id="slow drip"),
    ],
)
def test_the_watchdog_breaks_a_silent_connection(
    hub: HubServer, tmp_path: Path, clock: HeldClock, request_: DownloadRequest, fault: Fault
) -> None:
    hub.misbehave(PATH, fault, times=1)
    with Rig(hub, tmp_path, clock=clock, connections=1) as rig:
        rig.manager.add(request_, rig.target)
        assert hub.stalled.wait(30)
        for _ in range(600):
            clock.pass_stall_time()
            try:
                assert_whole(rig.seen.wait_for(lambda s: s.state is JobState.DONE, 0.1))
                break
            except AssertionError:
                continue
        else:
            raise AssertionError("still waiting for the silent connection")


def test_expired_links_are_renewed(
    hub: HubServer, tmp_path: Path, clock: HeldClock, request_: DownloadRequest
) -> None:
    hub.misbehave(PATH, Fault(cut_after=700_000), times=4)
    hub.limit_link_uses(3)
    with Rig(hub, tmp_path, clock=clock, connections=2) as rig:
        assert_whole(rig.get(request_))
    assert len(hub.requests_to("api", PATH)) >= 2


def test_a_server_that_refuses_every_link_is_given_up(
    hub: HubServer, tmp_path: Path, clock: HeldClock, request_: DownloadRequest
) -> None:
    hub.misbehave(PATH, Fault(status=403), times=None)
    with Rig(hub, tmp_path, clock=clock) as rig:
        status = rig.get(request_)
    assert status.error is not None
    assert "refuses every new link" in status.error.why


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault(redirect_to="self"), "without end"),
        (Fault(status=500), "8 tries in a row failed"),
        (Fault(etag='"other"', shift=1), "8 tries in a row failed"),
    ],
)
def test_patience_ends(
    hub: HubServer,
    tmp_path: Path,
    clock: HeldClock,
    request_: DownloadRequest,
    fault: Fault,
    words: str,
) -> None:
    hub.misbehave(PATH, fault, times=None)
    with Rig(hub, tmp_path, clock=clock) as rig:
        status = rig.get(request_)
    assert status.state is JobState.FAILED
    assert status.error is not None
    assert words in str(status.error)


def test_backoff_doubles_with_jitter(
    hub: HubServer, tmp_path: Path, clock: HeldClock, request_: DownloadRequest
) -> None:
    hub.misbehave(PATH, Fault(status=503), times=7)
    with Rig(hub, tmp_path, clock=clock, connections=1) as rig:
        assert_whole(rig.get(request_))
    assert len(clock.slept) >= 7
    for number, seconds in enumerate(clock.slept[:7]):
        longest = min(60.0, 2.0**number)
        assert 0.5 * longest <= seconds <= longest


def test_a_redirect_on_the_cdn_is_followed_without_the_token(
    hub: HubServer, tmp_path: Path, clock: HeldClock
) -> None:
    content = PatternContent(SIZE, 3)
    repo = hub.world.add("own/gated", {PATH: content}, gated=True, allowed={"me"})
    hub.world.tokens["hf_me"] = "me"
    request = offer(hub, {PATH: content})
    request = type(request)("own/gated", repo.head, request.files)
    with Rig(hub, tmp_path, clock=clock, token="hf_me") as rig:
        assert_whole(rig.get(request))
    assert all(r.header("Authorization") == "Bearer hf_me" for r in hub.requests_to("api"))
    assert all(r.header("Authorization") is None for r in hub.requests_to("cdn"))


def test_a_renamed_repository_is_followed(
    hub: HubServer, tmp_path: Path, clock: HeldClock, request_: DownloadRequest
) -> None:
    hub.world.renamed["old/name"] = request_.repo
    request = type(request_)("old/name", request_.commit, request_.files)
    with Rig(hub, tmp_path, clock=clock) as rig:
        assert_whole(rig.get(request))


@pytest.mark.parametrize(
    ("repo", "options", "words"),
    [
        ("gated/one", {"gated": True}, "does not know who is asking"),
        ("private/one", {"private": True}, "There is no repository"),
        ("disabled/one", {"disabled": True}, "does not give out"),
    ],
)
def test_refusals_in_plain_words(
    hub: HubServer,
    tmp_path: Path,
    clock: HeldClock,
    repo: str,
    options: dict[str, bool],
    words: str,
) -> None:
    content = BytesContent(b"GGUF")
    head = hub.world.add(repo, {PATH: content}, **options).head
    made = offer(hub, {PATH: content})
    with Rig(hub, tmp_path, clock=clock) as rig:
        status = rig.get(DownloadRequest(repo, head, made.files))
    assert status.state is JobState.FAILED
    assert words in str(status.error)
    assert partials(tmp_path) == [] or all(p.stat().st_size < 1000 for p in partials(tmp_path))


def test_a_small_file_that_the_hub_gives_itself(
    hub: HubServer, tmp_path: Path, clock: HeldClock
) -> None:
    content = BytesContent(b"{}\n" * 50_000)
    request = offer(hub, {"config.json": content, "empty.txt": BytesContent(b"")})
    repo = hub.world.repos[request.repo]
    files = repo.commits[repo.head]
    for path in list(files):
        files[path] = type(files[path])(files[path].content, lfs=False)
    with Rig(hub, tmp_path, clock=clock) as rig:
        assert_whole(rig.get(request))
