"""`python -m services.intake <role> [<role>…]`."""

from services.intake.service import service
from shared.runtime.main import main

main(service)
