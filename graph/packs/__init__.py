"""Node packs: finding them, checking what they need, importing them."""
