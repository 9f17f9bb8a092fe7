"""What is written about patients: its states, what may be prescribed, and how a prescription is printed."""
