"""Real SMPP and SMTP over sockets of this machine; no broker, no database."""
