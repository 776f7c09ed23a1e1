"""Four independent services; they speak only through events."""
