"""What a failed question to the Hub means, in words."""

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from urllib.parse import urlsplit

from app.core.errors import KnownError
from app.core.language import mark, tr
from app.core.retry_after import retry_after
from app.core.units import duration

_SETTINGS = mark("in the settings (Network)")


class UnreachableError(KnownError):
    """The Hub did not answer: what ships with the program has to do."""


@contextmanager
def told(endpoint: str, what: str) -> Iterator[None]:
    """Turns what huggingface_hub and httpx2 raise into KnownError. what: the repository, or what
    else was asked for."""
    import httpx2
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    host = urlsplit(endpoint).hostname or endpoint
    try:
        yield
    except HfHubHTTPError as error:
        raise _refused(what, host, error) from error
    except HFValidationError as error:
        raise not_a_name(what) from error
    except (httpx2.TransportError, httpx2.InvalidURL, httpx2.TooManyRedirects) as error:
        raise _no_way(host, error) from error
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise odd(what, tr("It is not what a Hub answers."), error) from error
    except RuntimeError as error:
        if "client has been closed" not in str(error):  # by a thread that saw a changed proxy
            raise
        raise _no_way(host, error) from error


def switched_off() -> UnreachableError:
    return UnreachableError(
        tr("The Hub is not asked."),
        tr("The variable HF_HUB_OFFLINE says that this machine is offline."),
        tr("Remove it to look on the Hub."),
    )


def not_a_name(text: str) -> KnownError:
    return KnownError(
        tr("{text} is not the name of a repository.", text=text[:100]),
        tr("A repository is called owner/name."),
        tr("Check the name; unsloth/GLM-4.6-GGUF is one."),
    )


def odd(what: str, why: str, error: Exception | None = None) -> UnreachableError:
    return UnreachableError(
        tr("What the Hub says about {what} cannot be understood.", what=what),
        why,
        tr("Try again later, or check the address of the Hub {settings}.", settings=_SETTINGS),
        repr(error)[:500] if error is not None else "",
    )


def _no_way(host: str, error: Exception) -> UnreachableError:
    import httpx2

    details = repr(error)[:500]
    if isinstance(error, httpx2.ProxyError):
        return UnreachableError(
            tr("{host} cannot be reached through the proxy.", host=host),
            tr("The proxy that this machine names does not let the program through."),
            tr("Check the proxy in the system's settings or in HTTPS_PROXY."),
            details,
        )
    if _is_about_certificates(error):
        return UnreachableError(
            tr("The connection to {host} is not safe.", host=host),
            tr("Its certificate could not be checked."),
            tr("Check the clock of this machine, and ask whoever runs the network or the mirror."),
            details,
        )
    if isinstance(error, httpx2.TooManyRedirects):
        return UnreachableError(
            tr("{host} sends the program round in circles.", host=host),
            tr("It redirects without end."),
            tr("Check the address of the Hub {settings}.", settings=_SETTINGS),
            details,
        )
    late = isinstance(error, httpx2.TimeoutException)
    return UnreachableError(
        tr("{host} cannot be reached.", host=host),
        tr("It did not answer in time.")
        if late
        else tr("There is no connection, or it broke off."),
        tr("Check the connection and try again."),
        details,
    )


def _is_about_certificates(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError) or "CERTIFICATE" in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False


def _refused(what: str, host: str, error: Exception) -> KnownError:
    from huggingface_hub.errors import (
        DisabledRepoError,
        GatedRepoError,
        RemoteEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    response = error.response  # type: ignore[attr-defined]
    status, headers = int(response.status_code), response.headers
    message = str(headers.get("X-Error-Message", ""))
    code = headers.get("X-Error-Code", "")
    details = f"HTTP {status} {code} {message}".strip()[:500]
    if message.startswith("Invalid credentials") or (
        # Whoever is known gets 404 for what is missing or private.
        status == 401 and not code and "Authorization" in response.request.headers
    ):
        return KnownError(
            tr("The Hub does not accept your access token."),
            tr("It may have been revoked, have run out or been mistyped."),
            tr("Enter a new token {settings}, or remove it.", settings=_SETTINGS),
            details,
        )
    if isinstance(error, GatedRepoError):
        return KnownError(
            tr("{what} is open only to people who have accepted its terms.", what=what),
            tr("The Hub does not know who is asking.")
            if status == 401
            else tr("Your account has not been let in yet."),
            tr(
                "Accept the terms on the model's page, and enter your access token {settings}.",
                settings=_SETTINGS,
            ),
            details,
        )
    if isinstance(error, DisabledRepoError):
        return KnownError(
            tr("{what} was switched off by the Hub.", what=what),
            tr("Nobody can get it from there any more."),
            tr("Choose another repository of the same model."),
            details,
        )
    if isinstance(error, RevisionNotFoundError):
        return KnownError(
            tr("{what} has no such version.", what=what),
            tr("Its owner has replaced or removed it."),
            tr("Leave the version out to get the newest one."),
            details,
        )
    if isinstance(error, RemoteEntryNotFoundError):
        return KnownError(
            tr("{what} does not hold this file any more.", what=what),
            tr("Its owner has moved, renamed or deleted it."),
            tr("Refresh the list of files."),
            details,
        )
    if isinstance(error, RepositoryNotFoundError) or status in (401, 404):
        return KnownError(
            tr("There is no repository {what}, or it is not open to you.", what=what),
            tr("The Hub does not tell the one from the other."),
            tr(
                "Check the name. For a private one, enter your access token "
                "{settings} or set HF_TOKEN.",
                settings=_SETTINGS,
            ),
            details,
        )
    if status == 429:
        return _too_often(host, headers, details)
    if status == 403:
        return KnownError(
            tr("The Hub does not show {what} to this token.", what=what),
            tr("The token lacks the right to read it."),
            tr("Make a token that may read, and enter it {settings}.", settings=_SETTINGS),
            details,
        )
    return UnreachableError(
        tr("{host} cannot answer now.", host=host),
        tr("It reported error {status}.", status=status),
        tr("Try again later."),
        details,
    )


def _too_often(host: str, headers: Mapping[str, str], details: str) -> UnreachableError:
    seconds = retry_after(headers, datetime.now(UTC))
    wait = (
        tr("Try again in {time}", time=duration(seconds))
        if seconds is not None
        else tr("Wait a few minutes")
    )
    return UnreachableError(
        tr("{host} has had too many questions from here.", host=host),
        tr("It limits how many it answers."),
        tr(
            "{wait}, or enter an access token {settings}, with which the limit is higher.",
            wait=wait,
            settings=_SETTINGS,
        ),
        details,
    )
