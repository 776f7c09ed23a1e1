"""Policy: quiet hours, caps and usefulness, decided without I/O from facts that are looked up together."""
