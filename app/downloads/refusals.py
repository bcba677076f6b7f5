"""What a server's refusal means: wait, or tell the person."""

from datetime import UTC, datetime
from email.message import Message

from app.core.errors import KnownError
from app.core.language import tr
from app.core.retry_after import retry_after
from app.downloads.stream import WireError


class ServerBusyError(WireError):
    """429 or 5xx. retry_after_seconds: what the server asks for, None when it does not say."""

    def __init__(self, status: int, retry_after_seconds: float | None) -> None:
        super().__init__(f"the server answered {status}")
        self.status = status
        self.retry_after_seconds = retry_after_seconds


def busy_or_none(status: int, headers: Message) -> ServerBusyError | None:
    if status not in (408, 425, 429) and status < 500:
        return None
    return ServerBusyError(status, retry_after(headers, datetime.now(UTC)))


def known_refusal(repo: str, path: str, status: int, headers: Message) -> KnownError:
    """What the Hub's 4xx means, by its error code where there is one."""
    code = headers.get("X-Error-Code", "")
    details = f"HTTP {status} {code} {headers.get('X-Error-Message', '')}".strip()[:500]
    if code == "GatedRepo" and status == 401:
        return KnownError(
            tr("{repo} is open only to people who have accepted its terms.", repo=repo),
            tr("The Hub does not know who is asking."),
            tr(
                "Accept the terms on the model's page, then enter your access token "
                "in the settings."
            ),
            details,
        )
    if code == "GatedRepo":
        return KnownError(
            tr("{repo} is open only to people who have accepted its terms.", repo=repo),
            tr("Your account has not been let in yet."),
            tr(
                "Accept the terms on the model's page with the account of your "
                "token, then try again."
            ),
            details,
        )
    if headers.get("X-Error-Message", "").startswith("Invalid credentials"):
        return KnownError(
            tr("The Hub does not accept your access token."),
            tr("It may have been revoked or mistyped."),
            tr("Enter a new token in the settings, or remove it."),
            details,
        )
    if code == "RevisionNotFound":
        return KnownError(
            tr("The version of {repo} that was listed is gone.", repo=repo),
            tr("Its owner has replaced the repository's history."),
            tr("Refresh the list of files and start the download again."),
            details,
        )
    if code == "EntryNotFound":
        return KnownError(
            tr("{path} is no longer in {repo}.", path=path, repo=repo),
            tr("Its owner has removed or renamed it."),
            tr("Refresh the list of files and pick another one."),
            details,
        )
    if code == "RepoNotFound" or status in (401, 404):
        return KnownError(
            tr("There is no repository {repo}, or it is not open to you.", repo=repo),
            tr("The Hub does not tell the one from the other."),
            tr(
                "Check the name; for a private repository, enter your access token in the settings."
            ),
            details,
        )
    return KnownError(
        tr("The Hub does not give out {path}.", path=path),
        tr("It answered {status}.", status=status),
        tr("Try again later, or pick another repository."),
        details,
    )
