"""How a person proves who they are: passwords, one-time codes, recovery codes, sessions."""
