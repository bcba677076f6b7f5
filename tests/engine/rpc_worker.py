"""A worker on loopback that offers this machine's CPU as a device: `python -m … HOST:PORT`."""

import ctypes
import sys

from app.engine.bindings import ggml
from app.engine.devices import device_handle, start_backends


def main(endpoint: str) -> None:
    start_backends()
    serve = ggml(
        "ggml-rpc",
        "ggml_backend_rpc_start_server",
        None,
        ctypes.c_char_p,
        ctypes.c_char_p,
        ctypes.c_size_t,
        ctypes.c_size_t,
        ctypes.c_void_p,
    )
    serve(endpoint.encode(), None, 1, 1, (ctypes.c_void_p * 1)(device_handle("CPU")))


if __name__ == "__main__":
    main(sys.argv[1])
