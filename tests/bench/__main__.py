"""`python3 launch.py bench [NAME …]`: runs the benchmarks of this folder, one after the other."""

import importlib
import pkgutil
import sys

import tests.bench


def main(names: list[str]) -> int:
    known = [
        module.name
        for module in pkgutil.iter_modules(tests.bench.__path__)
        if not module.name.startswith("_")
    ]
    if unknown := [name for name in names if name not in known]:
        print(f"No benchmark is called {', '.join(unknown)}. There are: {', '.join(known)}.")
        return 2
    status = 0
    for name in names or known:
        print(f"== {name}", flush=True)
        status |= importlib.import_module(f"tests.bench.{name}").main()
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
