"""`python -m services.complaints <role> [<role>…]`"""

from services.complaints.service import service
from shared.runtime.main import main

main(service)
