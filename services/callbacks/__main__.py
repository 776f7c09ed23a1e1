"""`python -m services.callbacks <role> [<role>…]`."""

from services.callbacks.service import service
from shared.runtime.main import main

main(service)
