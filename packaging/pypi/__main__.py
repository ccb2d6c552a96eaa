"""`python -m synapse_runtime`."""

from . import main

main()
