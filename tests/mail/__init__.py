"""Mail: addresses, links, and what comes of them."""
