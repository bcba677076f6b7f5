#!/usr/bin/env python3
"""Start GLM Launcher from a checkout: `python3 launch.py [arguments for the program]`.

The first start makes a private environment and builds the engine; later ones only start the
program. `python3 launch.py test` runs every check, `python3 launch.py bench` every benchmark.
This file must run on any Python 3, so that an old one can be told what is needed.
"""

import sys

OLDEST, NEWEST = (3, 11), (3, 13)


def main():  # noqa: ANN201 - annotations in comments: an old Python must get this far
    # type: () -> int
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        return use_another_python()
    from installer.main import run

    return run(sys.argv[1:])


def use_another_python():  # noqa: ANN201
    # type: () -> int
    import os
    import shutil

    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        path = shutil.which("python3.%d" % minor)  # noqa: UP031 - this line must run on any Python 3
        if path:
            os.execv(path, [path, os.path.abspath(__file__)] + sys.argv[1:])  # noqa: PTH100, S606, RUF005
    sys.stderr.write(
        "GLM Launcher needs Python 3.11, 3.12 or 3.13, and this is Python %d.%d. "  # noqa: UP031
        "Install one of them (for example `sudo apt install python3.12 python3.12-venv`, or from "
        "python.org) and run launch.py again.\n" % sys.version_info[:2]
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
