"""`python -m deploy.local`: the `frontdesk` command."""

from deploy.local.cli import main

main()
