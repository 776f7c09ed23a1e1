"""`python -m services.notify <role> [<role>…]`."""

from services.notify.service import service
from shared.runtime.main import main

main(service)
