"""The CDN host: bytes behind signed links."""

from urllib.parse import parse_qs

from tests.hub.handler import HubHandler


class CdnHandler(HubHandler):
    """The path is /<xet hash>/<path in the repository>, so that faults can name the file."""

    host = "cdn"

    def answer(self, path: str, query: str) -> None:
        xet_hash = path.strip("/").partition("/")[0]
        file = self.hub.world.files_with_hash(xet_hash)
        if not self.hub.link_is_valid(parse_qs(query).get("Signature", [""])[0]):
            self.reply(
                403, {"Content-Type": "application/xml"}, b"<Error>Request has expired</Error>"
            )
        elif file is None:
            self.reply(404, {})
        else:
            etag = self.fault.etag or f'"{file.xet_hash}"'
            self.send_content(file.content, {"ETag": etag, "Accept-Ranges": "bytes"})
