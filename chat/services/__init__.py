"""Every write of conversations."""
