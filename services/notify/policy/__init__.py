"""Policy: quiet hours, caps and usefulness, decided without I/O."""
