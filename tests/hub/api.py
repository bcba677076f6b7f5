"""The API host: what the Hub answers under its own name."""

import json
from typing import Any
from urllib.parse import parse_qs, quote

from tests.hub.handler import HubHandler
from tests.hub.world import HubFile, Repo


class ApiHandler(HubHandler):
    host = "api"

    def answer(self, path: str, query: str) -> None:
        self._user = self._who()
        parts = path.strip("/").split("/")
        limit = self.hub.rate_limit
        if limit is not None and limit.remaining == 0:
            headers = {"Retry-After": str(limit.reset_seconds)}
            self._refuse(429, message="Rate limit reached", headers=headers)
        elif self._user == "":
            self._refuse(401, message="Invalid credentials in Authorization header")
        elif path == "/api/whoami-v2":
            self._whoami()
        elif path == "/api/models":
            self._search(parse_qs(query))
        elif parts[:2] == ["api", "models"] and len(parts) >= 4:
            self._model("/".join(parts[2:4]), parts[4:], parse_qs(query))
        elif len(parts) >= 5 and parts[2] == "resolve":
            self._resolve("/".join(parts[:2]), parts[3], "/".join(parts[4:]))
        else:
            self._refuse(404, message="Sorry, we can't find the page you are looking for.")

    def _who(self) -> str | None:
        """None for nobody, "" for a token that does not exist."""
        header = self.headers.get("Authorization")
        if header is None:
            return None
        return self.hub.world.tokens.get(header.removeprefix("Bearer "), "")

    def _whoami(self) -> None:
        if self._user is None:
            self._refuse(401, message="Invalid username or password.")
            return
        self.reply_json(
            {
                "type": "user",
                "id": self._user,
                "name": self._user,
                "fullname": self._user,
                "orgs": [],
                "auth": {"type": "access_token", "accessToken": {"role": "read"}},
            },
            self._limits(),
        )

    def _search(self, query: dict[str, list[str]]) -> None:
        text = query.get("search", [""])[0].lower()
        author = query.get("author", [""])[0]
        limit = int(query.get("limit", ["1000"])[0])
        found = [
            repo
            for repo in self.hub.world.repos.values()
            if text in repo.name.lower()
            and (not author or repo.name.startswith(author + "/"))
            and (not repo.private or self._user in repo.allowed)
        ]
        found.sort(key=lambda repo: -repo.downloads)
        self.reply_json([self._info(repo, repo.head, None) for repo in found[:limit]])

    def _model(self, name: str, rest: list[str], query: dict[str, list[str]]) -> None:
        new_name = self.hub.world.renamed.get(name)
        if new_name is not None:
            path = self.path.replace(f"/{name}", f"/{new_name}", 1)
            self.reply(307, {"Location": path, **self._limits()})
            return
        repo = self._visible(name)
        if repo is None:
            return
        if rest[:1] == ["auth-check"]:
            if self._may_read(repo):
                self.reply(200, self._limits())
            return
        if rest[:1] == ["refs"]:
            self._refs(repo)
            return
        revision = rest[1] if len(rest) > 1 else "main"
        commit = repo.resolve(revision)
        if commit is None:
            self._refuse(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        elif not rest or rest[0] == "revision":
            blobs = query.get("blobs", ["false"])[0].lower() in ("true", "1")
            self.reply_json(self._info(repo, commit, blobs), self._limits())
        elif rest[0] == "tree":
            recursive = query.get("recursive", ["false"])[0].lower() in ("true", "1")
            cursor = int(query.get("cursor", ["0"])[0])
            self._tree(repo, commit, "/".join(rest[2:]), recursive, cursor)
        elif rest[0] == "paths-info":
            self._paths_info(repo, commit)
        else:
            self._refuse(404, message="no such endpoint")

    def _refs(self, repo: Repo) -> None:
        branches = [
            {"name": name, "ref": f"refs/heads/{name}", "targetCommit": commit}
            for name, commit in repo.refs.items()
        ]
        self.reply_json({"branches": branches, "tags": [], "converts": []}, self._limits())

    def _info(self, repo: Repo, commit: str, blobs: bool | None) -> dict[str, Any]:
        """blobs: None for no siblings, False for names only, True with sizes and hashes."""
        value: dict[str, Any] = {
            "_id": commit[:24],
            "id": repo.name,
            "modelId": repo.name,
            "author": repo.name.partition("/")[0],
            "sha": commit,
            "lastModified": repo.last_modified,
            "createdAt": repo.last_modified,
            "private": repo.private,
            "gated": "auto" if repo.gated else False,
            "disabled": repo.disabled,
            "downloads": repo.downloads,
            "likes": repo.likes,
            "tags": ["gguf"],
            "library_name": "gguf",
            **repo.extra,
        }
        if blobs is not None:
            files = sorted(repo.commits[commit].items())
            value["siblings"] = [_sibling(path, file, blobs) for path, file in files]
        return value

    def _tree(self, repo: Repo, commit: str, folder: str, recursive: bool, cursor: int) -> None:
        entries = _tree_entries(repo.commits[commit], folder, recursive)
        if folder and not entries:
            self._refuse(404, "EntryNotFound", f"{folder} does not exist")
            return
        end = cursor + self.hub.world.page_size
        headers = self._limits()
        if end < len(entries):
            base = f"{self.hub.endpoint}/api/models/{repo.name}/tree/{commit}"
            inside = f"/{quote(folder, safe='')}" if folder else ""
            deep = "true" if recursive else "false"
            url = f"{base}{inside}?recursive={deep}&cursor={end}"
            headers["Link"] = f'<{url}>; rel="next"'
        self.reply_json(entries[cursor:end], headers)

    def _paths_info(self, repo: Repo, commit: str) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
        if "json" in self.headers.get("Content-Type", ""):
            asked = json.loads(body)
            wanted, expand = asked["paths"], bool(asked.get("expand"))
        else:
            form = parse_qs(body)
            wanted, expand = form.get("paths", []), form.get("expand", [""])[0].lower() == "true"
        files = repo.commits[commit]
        found = [_entry(path, files[path]) for path in wanted if path in files]
        for entry in found if expand else ():
            date = repo.dates.get(entry["path"], repo.last_modified)
            entry["lastCommit"] = {"id": commit, "title": "Upload", "date": date}
        self.reply_json(found, self._limits())

    def _resolve(self, name: str, revision: str, path: str) -> None:
        new_name = self.hub.world.renamed.get(name)
        if new_name is not None:
            self.reply(307, {"Location": self.path.replace(f"/{name}", f"/{new_name}", 1)})
            return
        repo = self._visible(name)
        if repo is None or not self._may_read(repo):
            return
        commit = repo.resolve(revision)
        if commit is None:
            self._refuse(404, "RevisionNotFound", f"Invalid rev id: {revision}")
            return
        headers = {"X-Repo-Commit": commit, "Accept-Ranges": "bytes", **self._limits()}
        file = repo.commits[commit].get(path)
        if file is None:
            self._refuse(404, "EntryNotFound", "Entry not found", headers)
        elif not file.lfs:
            self.send_content(file.content, {**headers, "ETag": f'"{file.blob_id}"'})
        else:
            self._redirect(file, path, headers)

    def _redirect(self, file: HubFile, path: str, headers: dict[str, str]) -> None:
        url = self.hub.sign(file.xet_hash, path)
        self.reply(
            302,
            {
                **headers,
                "Location": url,
                "X-Linked-Size": str(file.content.size),
                "X-Linked-ETag": self.fault.etag or f'"{file.content.sha256}"',
            },
            f"Found. Redirecting to {url}".encode(),
        )

    def _visible(self, name: str) -> Repo | None:
        repo = self.hub.world.repos.get(name)
        hidden = repo is not None and repo.private and self._user not in repo.allowed
        if repo is None or hidden:
            if self._user is None:
                # Missing and private look the same to a stranger, and no error code is given.
                self._refuse(401, message="Invalid username or password.")
            else:
                self._refuse(404, "RepoNotFound", "Repository not found")
            return None
        if repo.disabled:
            self._refuse(403, message="Access to this resource is disabled.")
            return None
        return repo

    def _may_read(self, repo: Repo) -> bool:
        if not repo.gated or self._user in repo.allowed:
            return True
        text = f"Access to model {repo.name} is restricted."
        self._refuse(401 if self._user is None else 403, "GatedRepo", text)
        return False

    def _refuse(
        self,
        status: int,
        code: str | None = None,
        message: str = "",
        headers: dict[str, str] | None = None,
    ) -> None:
        named = {"X-Error-Message": message, **self._limits(), **(headers or {})}
        if code is not None:
            named["X-Error-Code"] = code
        named["Content-Type"] = "application/json"
        self.reply(status, named, json.dumps({"error": message}).encode())

    def _limits(self) -> dict[str, str]:
        limit = self.hub.rate_limit
        if limit is None:
            return {}
        return {
            "RateLimit": f'"api";r={limit.remaining};t={limit.reset_seconds}',
            "RateLimit-Policy": '"fixed window";"api";q=500;w=300',
        }


def _sibling(path: str, file: HubFile, blobs: bool) -> dict[str, Any]:
    if not blobs:
        return {"rfilename": path}
    value: dict[str, Any] = {
        "rfilename": path,
        "size": file.content.size,
        "blobId": file.blob_id,
    }
    if file.lfs:
        value["lfs"] = {
            "sha256": file.content.sha256,
            "size": file.content.size,
            "pointerSize": 135,
        }
    return value


def _entry(path: str, file: HubFile) -> dict[str, Any]:
    content = file.content
    value: dict[str, Any] = {
        "type": "file",
        "path": path,
        "size": content.size,
        "oid": file.blob_id,
    }
    if file.lfs:
        value["lfs"] = {"oid": content.sha256, "size": content.size, "pointerSize": 135}
        value["xetHash"] = file.xet_hash
    return value


def _tree_entries(files: dict[str, HubFile], folder: str, recursive: bool) -> list[dict[str, Any]]:
    prefix = f"{folder}/" if folder else ""
    inside = sorted(path for path in files if path.startswith(prefix))
    folders = set()
    entries = []
    for path in inside:
        rest = path.removeprefix(prefix).split("/")
        for depth in range(1, len(rest)):
            folders.add(prefix + "/".join(rest[:depth]))
        if recursive or len(rest) == 1:
            entries.append(_entry(path, files[path]))
    shown = [name for name in sorted(folders) if recursive or "/" not in name.removeprefix(prefix)]
    return [{"type": "directory", "path": name, "oid": "0" * 40, "size": 0} for name in shown] + (
        entries
    )
