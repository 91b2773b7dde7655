"""`python -m byhand`."""

from byhand.cli import main

main(prog_name="byhand")
