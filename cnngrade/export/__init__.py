"""Points as other systems take them."""
