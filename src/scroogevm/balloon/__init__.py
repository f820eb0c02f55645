"""The memory companion: takes back memory that guests do not need, without harm to them."""
