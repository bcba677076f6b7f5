"""`python -m app`, and the entry point of the command `glm-launcher`."""

import sys

from app.cli import run


def main(argv: list[str] | None = None) -> int:
    return run(sys.argv[1:] if argv is None else argv)


if __name__ == "__main__":
    sys.exit(main())
