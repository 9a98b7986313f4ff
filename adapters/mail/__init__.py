"""Mail as a platform: digests leave by SMTP, and what comes back is read."""
