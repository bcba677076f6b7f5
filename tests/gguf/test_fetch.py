"""The HTTP fetcher against a real server on loopback."""

import io
import threading
import urllib.request
from typing import ClassVar

import pytest

from app.core.cancel import CancelToken
from app.core.errors import Cancelled, KnownError
from app.gguf.fetch import HttpFetcher
from app.gguf.remote import RangeReply
from tests.gguf.servers import Answer, http_server

BODY = bytes(range(256)) * 40


def test_a_range_with_size_and_etag() -> None:
    answer = Answer(body=BODY, ranges=True, headers={"ETag": 'W/"abc"'})
    with http_server({"/f": answer}) as (base, seen):
        reply = HttpFetcher().fetch(base + "/f", 100, 50)
    assert reply == RangeReply(BODY[100:150], len(BODY), "abc", None)
    assert seen[0][1]["Range"] == "bytes=100-149"
    assert seen[0][1]["Accept-Encoding"] == "identity"


def test_the_end_of_a_file_is_shorter() -> None:
    with http_server({"/f": Answer(body=BODY, ranges=True)}) as (base, _):
        reply = HttpFetcher().fetch(base + "/f", len(BODY) - 10, 50)
    assert reply.data == BODY[-10:]


@pytest.mark.parametrize("start", [0, 5000])
def test_a_server_without_ranges_is_read_from_its_beginning(start: int) -> None:
    with http_server({"/f": Answer(body=BODY)}) as (base, _):
        reply = HttpFetcher().fetch(base + "/f", start, 64)
    assert (reply.data, reply.total_size) == (BODY[start : start + 64], len(BODY))


def test_redirects_tell_about_the_file_and_get_no_token() -> None:
    target = Answer(body=BODY, ranges=True, headers={"ETag": '"xet"'})
    with http_server({"/cdn": target}) as (cdn, at_cdn):
        redirect = Answer(
            302,
            {
                "Location": cdn + "/cdn",
                "X-Linked-ETag": '"sha256"',
                "X-Linked-Size": str(len(BODY)),
                "X-Repo-Commit": "c0ffee",
            },
        )
        with http_server({"/m/resolve/main/f": redirect}) as (hub, at_hub):
            reply = HttpFetcher(token="hf_secret").fetch(hub + "/m/resolve/main/f", 0, 16)
    assert reply == RangeReply(BODY[:16], len(BODY), "sha256", "c0ffee")
    assert at_hub[0][1]["Authorization"] == "Bearer hf_secret"
    assert "Authorization" not in at_cdn[0][1]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(404), "does not have this file"),
        (Answer(401), "does not give out"),
        (Answer(403), "does not give out"),
        (Answer(429, {"Retry-After": "17"}), "again in 17 seconds"),
        (Answer(429), "asked too often"),
        (Answer(503), "error 503"),
        (Answer(416), "error 416"),
        (Answer(302, {"Location": "/f"}), "redirected more than 5 times"),
        (Answer(302, {"Location": "file:///etc/passwd"}), "Only http and https"),
        (Answer(302, {"Location": "http://[::1"}), "Only http and https"),
        (Answer(302), "error 302"),
        (Answer(206, {"Content-Range": "bytes 7-22/100"}, bytes(16)), "another part"),
        (Answer(206, {"Content-Range": "nonsense"}, bytes(16)), "another part"),
        (Answer(206, {"Content-Range": "bytes 0-15/*"}, bytes(16)), "another part"),
        (Answer(206, {"Content-Range": "bytes 0-15/100"}, bytes(9)), "before the answer was"),
        (Answer(200, {"Content-Length": "many"}, bytes(16)), "cannot send parts"),
    ],
    ids=lambda value: value if isinstance(value, str) else str(value.status),
)
def test_answers_that_help_nobody_are_put_in_words(answer: Answer, words: str) -> None:
    with (
        http_server({"/f": answer}) as (base, _),
        pytest.raises(KnownError, match=words) as caught,
    ):
        HttpFetcher().fetch(base + "/f", 0, 16)
    assert caught.value.next_step


def test_nothing_leads_away_from_https(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server is played here: a real one would need a certificate."""

    class Redirect(io.BytesIO):
        status = 302
        headers: ClassVar[dict[str, str]] = {"Location": "http://elsewhere.test/f"}

    asked: list[str] = []

    def answer(_: object, request: urllib.request.Request, **__: object) -> Redirect:
        asked.append(request.full_url)
        return Redirect()

    monkeypatch.setattr(urllib.request.OpenerDirector, "open", answer)
    with pytest.raises(KnownError, match="redirects away from https"):
        HttpFetcher().fetch("https://hub.test/f", 0, 16)
    assert asked == ["https://hub.test/f"]


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "ftp://x/y", "x", "", "http://", f"http://{'a' * 70}.b/", "http://[::1"],
)
def test_only_web_addresses_are_opened(url: str) -> None:
    with pytest.raises(KnownError, match="cannot be opened"):
        HttpFetcher().fetch(url, 0, 16)


def test_nobody_there() -> None:
    with http_server({}) as (base, _):
        pass
    with pytest.raises(KnownError, match=r"127\.0\.0\.1 cannot be reached"):
        HttpFetcher().fetch(base + "/f", 0, 16)


def test_more_than_asked_for_is_not_read() -> None:
    flood = Answer(206, {"Content-Range": f"bytes 0-15/{len(BODY)}"}, BODY)
    with http_server({"/f": flood}) as (base, _):
        assert HttpFetcher().fetch(base + "/f", 0, 16).data == BODY[:16]


def test_a_server_that_stops_sending_is_given_up() -> None:
    stuck = Answer(body=BODY, ranges=True, release=threading.Event())
    with (
        http_server({"/f": stuck}) as (base, _),
        pytest.raises(KnownError, match="did not answer in time"),
    ):
        HttpFetcher(timeout_seconds=0.2).fetch(base + "/f", 0, len(BODY))


def test_cancelling_stops_before_the_next_bytes() -> None:
    token = CancelToken()
    token.cancel()
    with http_server({"/f": Answer(body=BODY)}) as (base, seen), pytest.raises(Cancelled):
        HttpFetcher(cancel=token).fetch(base + "/f", 0, 16)
    assert not seen
