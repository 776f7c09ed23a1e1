"""`make bench`: ours, the usual stack and the limit, turn by turn on the same servers. See README.md."""
