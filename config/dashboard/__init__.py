"""What administrators see first: the figures of the morning, drawn on the server, each a link to its rows."""
