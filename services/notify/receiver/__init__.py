"""Mail that comes in: replies, delivery reports, letters out of the blue."""
