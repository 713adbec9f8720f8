"""`python -m aiops`."""

from aiops.cli import main

main()
