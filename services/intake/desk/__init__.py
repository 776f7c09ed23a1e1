"""The reception desk: who is expected, who comes unannounced, who does not come."""
