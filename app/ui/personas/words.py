"""How a chat is asked, in a person's words. No Qt."""

from app.chat.attachments.tokens import about_tokens
from app.core.language import tr
from app.core.personas import Persona, SamplingUse
from app.core.sampling import MODEL_DEFAULTS
from app.core.units import count
from app.ui.personas.asking import Asking


def size_text(text: str, exact: int | None = None, *, asked: bool) -> str:
    """How many tokens it is. exact: as the open model counts; None to estimate. asked: the chat has
    messages already."""
    if not text.strip():
        size = tr("No instructions.")
    else:
        size = tr("About {count} tokens.", count=count(about_tokens(text)))
        if exact is not None:
            size = tr("1 token.") if exact == 1 else tr("{count} tokens.", count=count(exact))
    if asked:
        size += " " + tr("A change counts from the next question on, and the chat is read again.")
    return size


def manner_lines(asking: Asking) -> tuple[str, ...]:
    """Thinking, tools and sampling, and whether they are the chat's own."""
    manner = asking.manner
    sampling = tr("Sampling: {use}", use=use_name(asking.choice.use))
    return (
        _switch(tr("Thinking"), asking.thinking, own=manner.thinking is not None),
        _switch(tr("Tools"), asking.tools, own=manner.tools is not None),
        _own(sampling, own=manner.sampling is not None),
    )


def persona_lines(persona: Persona) -> tuple[str, ...]:
    """What it says beside its instructions; nothing for what it leaves as it is set."""
    found: list[str] = []
    if persona.sampling is not None:
        found.append(use_name(persona.sampling))
    for name, on in ((tr("thinking"), persona.thinking), (tr("tools"), persona.tools)):
        if on is not None:
            state = tr("on") if on else tr("off")
            found.append(f"{name} {state}")
    return tuple(found)


def use_name(use: SamplingUse) -> str:
    name = tr("Model defaults") if use.preset == MODEL_DEFAULTS else tr(use.label)
    if not use.changed:
        return name
    return " · ".join((name, tr("{count} changed", count=len(use.changed))))


def _switch(name: str, on: bool, *, own: bool) -> str:
    state = tr("on") if on else tr("off")
    return _own(tr("{name}: {state}", name=name, state=state), own=own)


def _own(text: str, *, own: bool) -> str:
    return tr("{text}, for this chat", text=text) if own else text
