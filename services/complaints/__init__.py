"""The complaints service: tickets from registering to closing, and their deadlines."""
