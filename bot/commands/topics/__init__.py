"""Commands about topics: making, changing and muting them, by example too, and a person's own."""
