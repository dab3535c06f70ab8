"""What the commands share, and families of commands that have a module of their own."""
