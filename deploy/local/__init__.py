"""The laptop stack and the `frontdesk` command."""
