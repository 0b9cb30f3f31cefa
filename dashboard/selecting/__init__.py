"""Which products are looked at: rules in the address, lasso and search, and the lists and files of them."""
