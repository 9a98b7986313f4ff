"""Pages: what people see and press, one module a page; `rendering` makes the HTML of all of them."""
