"""Which errors more patience cannot mend, and what a person is told then."""

from app.core.errors import KnownError
from app.core.language import tr
from app.downloads.fetch import LinkExpiredError, OtherFileError, StalledError
from app.downloads.link import RedirectLoopError
from app.downloads.refusals import ServerBusyError
from app.downloads.stream import WireError

_PATIENCE = 8  # tries in a row of one connection without a byte; with backoff, some minutes


def gave_up(error: WireError, failures: int) -> KnownError | None:
    """None while another try is worth it. A missing network is waited for without end, and so is a
    server that says when to come back."""
    if isinstance(error, RedirectLoopError) and failures >= 3:
        return KnownError(
            tr("The server sends from one address to the next without end."),
            tr("Its redirects form a circle; a mirror or a proxy may be set up wrongly."),
            tr("Check the mirror setting, or try again later."),
            str(error),
        )
    if isinstance(error, LinkExpiredError) and failures >= 4:
        return KnownError(
            tr("The server does not give out the file."),
            tr("It refuses every new link at once."),
            tr("Check that the clock of this machine is right, then try again."),
            str(error),
        )
    if isinstance(error, OtherFileError) and failures >= 4:
        return KnownError(
            tr("The server offers a file that does not fit what the Hub lists."),
            tr("A mirror may be out of date."),
            tr("Try again later, or without the mirror."),
            str(error),
        )
    patient = isinstance(error, ServerBusyError) and error.retry_after_seconds is not None
    answered = isinstance(error, ServerBusyError | StalledError) or error.from_server
    if patient or not answered or failures < _PATIENCE:
        return None
    return KnownError(
        tr("The server does not send the file."),
        tr(
            "{failures} tries in a row failed; the last time, {error}.",
            failures=failures,
            error=error,
        ),
        tr("What has come so far is kept. Try again later."),
        repr(error),
    )


def wrong_hash(path: str, expected: str, found: str) -> KnownError:
    return KnownError(
        tr("What came for {path} is not what the Hub lists.", path=path),
        tr("It was fetched twice and its SHA-256 is wrong; nothing of it was kept."),
        tr("Try again later or without a mirror or proxy; the file on the server may be damaged."),
        tr("expected {expected}, found {found}", expected=expected, found=found),
    )
