"""`python -m app.cli` is the same command."""

from app.cli import main

main()
