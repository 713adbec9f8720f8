"""`python -m aiops.cli`."""

from aiops.cli import main

main()
