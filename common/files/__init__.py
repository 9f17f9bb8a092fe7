"""Private files: checked by their content, kept where no public path leads, shown by links that end."""
