"""A conversation as one HTML file: nothing is loaded or run, and it prints well."""

from html import escape

from markdown_it import MarkdownIt

from app.chat.exporting.bundle import Bundle, Section, sections, speaker

_LONGEST_PROSE = 200_000
_PROSE = (
    MarkdownIt("commonmark", {"html": False, "maxNesting": 40})
    .enable(["table", "strikethrough"])
    .disable("image")
)
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_STYLE = """
:root { color-scheme: light dark; --text: #1b1c1e; --muted: #5f6368; --page: #fbfbfa;
  --soft: #f1f1ef; --line: #e3e3df; --accent: #3b5bdb; }
@media (prefers-color-scheme: dark) { :root { --text: #e9e9e7; --muted: #a3a7ae;
  --page: #17181b; --soft: #1e2024; --line: #2d3036; --accent: #91a7ff; } }
body { margin: 0 auto; max-width: 720px; padding: 32px 16px; background: var(--page);
  color: var(--text); font: 16px/1.5 system-ui, sans-serif; overflow-wrap: break-word; }
h1 { font-size: 24px; margin: 0; }
.when, .heading { color: var(--muted); font-size: 13px; }
article { margin-top: 24px; padding-top: 16px; border-top: 1px solid var(--line); }
article > h2 { font-size: 14px; color: var(--accent); margin: 0 0 8px; }
.user { background: var(--soft); border: 0; border-radius: 12px; padding: 16px; }
.aside, .note { border-left: 3px solid var(--line); padding-left: 12px; color: var(--muted);
  white-space: pre-wrap; font-size: 14px; margin: 8px 0; }
.plain { white-space: pre-wrap; }
pre { background: var(--soft); padding: 12px; border-radius: 8px; overflow-x: auto;
  white-space: pre-wrap; font-size: 14px; }
table { border-collapse: collapse; } td, th { border: 1px solid var(--line); padding: 4px 8px; }
a { color: var(--accent); }
@media print { :root { color-scheme: light; --text: #000; --muted: #444; --page: #fff;
  --soft: #f4f4f4; --line: #bbb; --accent: #000; }
  body { max-width: none; padding: 0; font-size: 11pt; }
  pre, table, h2 { break-inside: avoid; } h2 { break-after: avoid; } }
"""


def to_html(bundle: Bundle, *, thinking: bool = True) -> str:
    """What is visible of the conversation."""
    head = bundle.details.head
    title = escape(bundle.title)
    body = [f"<h1>{title}</h1>", f'<p class="when">{head.created:%Y-%m-%d %H:%M} UTC</p>']
    if bundle.details.system_prompt:
        body.append(_article("system", "System prompt", [_plain(bundle.details.system_prompt)]))
    for message in bundle.path:
        shown = [
            _rendered(section, literal=message.message.role == "user")
            for section in sections(message.message.parts)
            if thinking or section.style != "aside"
        ]
        body.append(_article(message.message.role, speaker(message), shown))
    return (
        '<!DOCTYPE html>\n<html lang="und">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        + "\n".join(body)
        + "\n</body>\n</html>\n"
    )


def _article(role: str, name: str, content: list[str]) -> str:
    inner = "\n".join(content)
    return f'<article class="{role}" dir="auto">\n<h2>{escape(name)}</h2>\n{inner}\n</article>'


def _rendered(section: Section, *, literal: bool) -> str:
    heading = f'<div class="heading">{escape(section.heading)}</div>' if section.heading else ""
    if section.style == "code":
        return f"{heading}<pre>{escape(section.text)}</pre>"
    if section.style != "prose":
        return f'{heading}<div class="{section.style}">{escape(section.text)}</div>'
    if literal or len(section.text) > _LONGEST_PROSE:
        return _plain(section.text)
    return str(_PROSE.render(section.text))


def _plain(text: str) -> str:
    return f'<div class="plain">{escape(text)}</div>'
