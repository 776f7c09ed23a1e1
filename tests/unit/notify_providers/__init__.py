"""Codec, segments, receipts, mail composing and parsing: no server needed."""
