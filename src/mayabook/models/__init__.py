"""Model files: finding, fetching, converting, quantising, checking and fingerprinting them."""
