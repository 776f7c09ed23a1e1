"""A demo day: real requests by made-up people over every channel, answered by made-up staff."""
