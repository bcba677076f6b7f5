"""Loads a model over two workers in several ways, in a process of its own (devices cannot be taken
back), and prints what came of it as JSON: `python -m … MODEL ENDPOINT ENDPOINT`."""

import json
import sys
from dataclasses import asdict, replace

from app.core.errors import KnownError
from app.core.placement import Placement, TensorOverride
from app.engine.client import EngineClient
from app.engine.devices import add_rpc_server, list_devices
from tests.engine.helpers import ask

BOTH = Placement(context_tokens=512, devices=("RPC0", "RPC1"), threads=1)
SCENARIOS = {
    "both": BOTH,
    "three to one": replace(BOTH, tensor_split=(3.0, 1.0)),
    "experts on the CPU": replace(BOTH, tensor_overrides=(TensorOverride("_exps", "CPU"),)),
    "second alone": replace(BOTH, devices=("RPC1",)),
    "main": replace(BOTH, split_mode="none", main_gpu=1),
    "half": replace(BOTH, gpu_layers=4),
    "cache at home": replace(BOTH, kv_offload=False),
    "CPU": replace(BOTH, devices=()),
    "no such main device": replace(BOTH, split_mode="none", main_gpu=5),
}


def run(client: EngineClient, path: str, placement: Placement) -> dict[str, object]:
    try:
        info = client.load(path, placement)
    except KnownError as error:
        return {"error": str(error)}
    return {"buffers": [asdict(use) for use in info.buffers], "text": ask(client, "one").text}


def main(path: str, endpoints: list[str]) -> None:
    for endpoint in endpoints:
        add_rpc_server(endpoint)
        add_rpc_server(endpoint)
    client = EngineClient()
    results = {name: run(client, path, placement) for name, placement in SCENARIOS.items()}
    client.close()
    devices = [asdict(device) for device in list_devices()]
    json.dump({"devices": devices, "results": results}, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
