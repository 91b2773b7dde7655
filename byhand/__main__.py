"""`python -m byhand`."""

from byhand.cli.main import main

main(prog_name="byhand")
