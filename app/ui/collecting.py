"""When Python looks for objects that nothing holds any more. No Qt."""

import gc

# The default, 700 and 10, looks through everything that there is several times while a long
# conversation is read, and holds up all threads for it.
_NEW_OBJECTS = 20_000
_GENERATIONS = 20


def collect_seldom() -> None:
    """To be called when the window is up: what exists by then stays, and is not looked through
    again. What grows later still is, less often."""
    gc.set_threshold(_NEW_OBJECTS, _GENERATIONS, _GENERATIONS)
    gc.freeze()
