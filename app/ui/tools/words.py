"""What the cards say about a call, and about what was decided."""

import re

from app.core.language import mark, tr
from app.tools.consent import ConsentRequest
from app.tools.tool import Choice, Effect
from app.ui.markdown.links import with_hidden_shown

_LONGEST_NAME = 120
_LONG_WORD = re.compile(r"[^\s/\\-]{30}")
_EFFECTS: dict[Effect, str] = {
    "none": mark("It touches nothing."),
    "reads": mark("It reads on this machine."),
    "writes": mark("It changes something on this machine."),
    "network": mark("It contacts another machine."),
    "runs code": mark("It runs a program."),
    "asks": mark("It asks you."),
}
_CHOICES: dict[Choice, str] = {
    "once": mark("Allow once"),
    "chat": mark("For this chat"),
    "always": mark("Always"),
    "deny": mark("Deny"),
}
_DECISIONS = {
    "once": mark("allowed once"),
    "chat": mark("allowed for this chat"),
    "always": mark("always allowed"),
    "denied": mark("denied by you"),
    "standing": mark("allowed before"),
    "reads": mark("reading is allowed"),
}


def legible(text: str) -> str:
    """What strangers wrote, for a label: nothing in it is invisible, and however long a word is,
    its lines can break. A label would cut what does not fit."""
    return _LONG_WORD.sub("\\g<0>\u200b", with_hidden_shown(text))


def tool_title(title: str, source: str) -> str:
    """A server names its tools as it likes; the program's own have names in our languages."""
    return legible((title if source else tr(title))[:_LONGEST_NAME])


def headline(request: ConsentRequest) -> str:
    title = tool_title(request.title, request.source)
    if request.source:
        source = legible(request.source[:_LONGEST_NAME])
        return tr("May the model use “{tool}” of {server}?", tool=title, server=source)
    return tr("May the model use “{tool}”?", tool=title)


def effect_text(effect: str) -> str:
    found = next((text for key, text in _EFFECTS.items() if key == effect), "")
    return tr(found)


def touch_text(request: ConsentRequest) -> str:
    """What the call may touch. Of a server nothing is known but what it says itself."""
    if request.source:
        return tr("What this touches is up to the server.")
    return effect_text(request.effect)


def choice_text(choice: Choice, *, grant: str = "") -> str:
    if choice == "always" and grant:
        return tr("Open the folder")
    return tr(_CHOICES[choice])


def reach_text(request: ConsentRequest) -> str:
    """How far the lasting choices go."""
    if request.grant:
        folder = legible(request.grant)
        if request.effect == "writes":
            return tr(
                "“Open the folder” lets tools read and write in {folder} from now on; you still "
                "see every change first.",
                folder=folder,
            )
        return tr("“Open the folder” lets tools read in {folder} from now on.", folder=folder)
    if "chat" not in request.choices:
        return tr("This is asked each time.")
    tool, scope = legible(request.call.name), legible(request.scope)
    if scope:
        return tr(
            "“For this chat” and “Always” count for {tool} with {scope}.", tool=tool, scope=scope
        )
    return tr("“For this chat” and “Always” count for every use of {tool}.", tool=tool)


def decision_text(how: str) -> str:
    """ "" when nobody needed to be asked."""
    return tr(_DECISIONS.get(how, ""))


def permission_text(tool: str, scope: str) -> str:
    scope = with_hidden_shown(scope)
    return tr("{tool} with {scope}", tool=tool, scope=scope) if scope else tool
