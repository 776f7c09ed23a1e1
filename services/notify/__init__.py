"""notify: all SMS and e-mail transport, both ways."""
