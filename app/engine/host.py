"""What the engine thread does with each command. Everything here runs on that one thread."""

from collections.abc import Callable
from pathlib import Path

from app.core.cancel import CancelToken
from app.core.errors import KnownError
from app.core.language import tr
from app.core.placement import Placement
from app.engine import files
from app.engine.bindings import trim_heap
from app.engine.check import check
from app.engine.context import Context
from app.engine.devices import list_devices, rpc_endpoints, start_backends
from app.engine.generate import generate
from app.engine.log import buffers, llama_log
from app.engine.memory import require_room, system_memory_available
from app.engine.model import Model
from app.engine.pagecache import warm
from app.engine.protocol import (
    BufferUse,
    Count,
    Counted,
    Event,
    Finished,
    Generate,
    Load,
    Loaded,
    LoadProgress,
)

_PROGRESS_STEP = 0.01


class Host:
    """Holds the loaded model, if any. `emit` gets progress; the last event is returned."""

    def __init__(self, emit: Callable[[Event], None]) -> None:
        self._emit = emit
        self._model: Model | None = None
        self._context: Context | None = None
        self._buffers: tuple[BufferUse, ...] = ()
        start_backends()

    def load(self, command: Load, cancel: CancelToken) -> Loaded:
        """Raises KnownError, Cancelled. The model loaded before is kept when the new one fails its
        check or is cancelled during it (unless RPC workers take part); once the check is passed,
        it is gone."""
        path, placement = Path(command.path), command.placement
        request_id = command.request_id
        self._emit(LoadProgress(request_id, "checking", 0.0))
        if rpc_endpoints():
            self.unload()  # a worker serves one process at a time, and the check is another one
        run = check(path, placement, cancel)
        require_room(run, placement, self._buffers)
        self._emit(LoadProgress(request_id, "checking", 1.0))
        self.unload()
        try:
            with llama_log.collect() as lines:
                self._open(path, placement, request_id, cancel)
            self._buffers = buffers(lines)
            if self._model is None or self._context is None:
                raise AssertionError("_open sets both or raises")
            return Loaded(request_id, self._model.info(self._context.size_tokens, self._buffers))
        except BaseException:
            self.unload()
            raise

    def _open(self, path: Path, placement: Placement, request_id: int, cancel: CancelToken) -> None:
        last = 0.0

        def report(fraction: float) -> None:
            nonlocal last
            if fraction - last >= _PROGRESS_STEP or fraction >= 1 > last:
                last = fraction
                self._emit(LoadProgress(request_id, "loading", min(fraction, 1.0)))

        self._emit(LoadProgress(request_id, "loading", 0.0))
        reading = _reading_share(placement)
        if placement.mmap:
            room = system_memory_available()
            warm(files.shards(path), room, cancel, lambda done: report(done * reading))
        else:
            reading = 0.0
        self._model = Model(
            path, placement, cancel, lambda done: report(reading + done * (1 - reading))
        )
        self._emit(LoadProgress(request_id, "preparing", 0.0))
        self._context = Context(self._model, placement)
        cancel.raise_if_cancelled()
        self._emit(LoadProgress(request_id, "preparing", 1.0))

    def unload(self) -> None:
        """Free everything; nothing happens when nothing is loaded."""
        if self._context is not None:
            self._context.close()
            self._context = None
        if self._model is not None:
            self._model.close()
            self._model = None
            trim_heap()
        self._buffers = ()

    def count(self, command: Count) -> Counted:
        model, _context = self._loaded()
        opening, segments = model.vocab.counts(command.prompt)
        return Counted(command.request_id, opening + sum(segments), segments)

    def generate(self, command: Generate, cancel: CancelToken) -> Finished:
        """Raises KnownError. A failure leaves an empty cache, so that the next answer is sound."""
        model, context = self._loaded()
        try:
            return generate(model.vocab, context, command, cancel, self._emit)
        except KnownError:
            raise
        except BaseException:
            context.clear()
            raise

    def _loaded(self) -> tuple[Model, Context]:
        if self._model is None or self._context is None:
            raise KnownError(tr("No model is loaded."), next_step=tr("Open a model first."))
        return self._model, self._context


def _reading_share(placement: Placement) -> float:
    """How much of the time of loading goes into reading the file: nearly all, unless the weights
    are then copied to other devices."""
    others = any(device.kind != "cpu" for device in list_devices())
    return 0.5 if others and placement.devices != () and placement.gpu_layers != 0 else 0.95
