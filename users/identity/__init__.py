"""What a proof of identity is worth, found without keeping the proof. See docs/identity.md."""
