"""`python -m services.callbacks <role> [<role>…]`."""

from shared.runtime.main import main

from services.callbacks.service import service

main(service)
