"""Reception standards: what a visitor of a level may cost us, as versioned sets of data."""
