"""Cases: enquiries that somebody must answer."""
