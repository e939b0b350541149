"""Ground floor: who is asking, may they, and the record of it. Knows no shop and no model."""
