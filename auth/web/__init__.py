"""The HTTP skin of the ground floor: cookies, same-origin check, headers, and who is asking."""
