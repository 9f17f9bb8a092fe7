"""What happens, told to partners' own systems: signed, in order, and again until it is taken."""
