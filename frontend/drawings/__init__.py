"""The drawings behind `frontend.art`: one function for each kind of thing the shop sells, grouped by room."""
