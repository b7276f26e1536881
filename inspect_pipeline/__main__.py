"""`python -m inspect_pipeline`."""

from inspect_pipeline.cli.main import main

main()
